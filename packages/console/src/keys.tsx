// Keys for the whole page: `/` looks for something, `g` and a letter goes somewhere, `?` tells of them all.
// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';
import { Fragment } from 'preact';
import { Dialog } from './parts/dialog.js';
import { isJumping } from './parts/palette.js';
import { go } from './router.js';
import { screens } from './screens/table.js';
import { texts } from './texts.js';

const isShown = signal(false);
const goMs = 1500;
let goesUntil = 0;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.closest('input, textarea, select, [data-own-keys]') !== null);

function onKeyDown(event: KeyboardEvent): void {
  const { key, target } = event;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === 'k') {
    isJumping.value = true;
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(target)) return;
  if (document.querySelector('dialog[open]') !== null) return;
  if (performance.now() < goesUntil) {
    goesUntil = 0;
    const screen = screens.find(({ nav }) => nav?.key === key);
    if (screen !== undefined) {
      event.preventDefault();
      go(screen.path);
    }
  } else if (key === 'j' || key === 'k') {
    // Within a list its rows take them themselves.
    const row = document.querySelector<HTMLElement>('.list [data-at][tabindex="0"]');
    if (row === null || row.parentElement?.contains(document.activeElement)) return;
    event.preventDefault();
    row.focus();
  } else if (key === 'g') goesUntil = performance.now() + goMs;
  else if (key === '?') isShown.value = true;
  else if (key === '/') {
    event.preventDefault();
    const search = document.querySelector<HTMLInputElement>('input[data-search]');
    if (search === null) isJumping.value = true;
    else search.focus();
  }
}

/** From now on keys are heard. */
export const followKeys = (): void => addEventListener('keydown', onKeyDown);

const goRows = screens.flatMap(({ nav }) =>
  nav === undefined ? [] : [[`g ${nav.key}`, nav.label] as const],
);

/** A window that tells of them. */
export function Keys() {
  const leave = () => {
    isShown.value = false;
  };
  return isShown.value ? (
    <Dialog label={texts.keys.title} leave={leave}>
      <div class="inside">
        <h2>{texts.keys.title}</h2>
        <dl class="keys">
          {[...texts.keys.rows, ...goRows].map(([key, what]) => (
            <Fragment key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd class="soft">{what}</dd>
            </Fragment>
          ))}
        </dl>
        <div class="ask">
          <button type="button" class="button" onClick={leave}>
            {texts.close}
          </button>
        </div>
      </div>
    </Dialog>
  ) : null;
}
