// Jumping: whatever is typed is looked for among domains and screens.
// SPDX-License-Identifier: Apache-2.0
import { signal, useSignal } from '@preact/signals';
import { pathOf } from '../paths.js';
import { go } from '../router.js';
import { screens } from '../screens/table.js';
import { rows } from '../state/domains.js';
import { isFound } from '../state/filter.js';
import { texts } from '../texts.js';
import { StatePill } from './badges.js';
import { Dialog } from './dialog.js';
import { Icon } from './icons.js';

/** Whether it is open. */
export const isJumping = signal(false);

const most = 12;

function Inside({ leave }: { readonly leave: () => void }) {
  const typed = useSignal('');
  const chosen = useSignal(0);
  const wanted = typed.value.trim().toLowerCase();
  const places = screens
    .filter(({ nav }) => nav?.label.toLowerCase().includes(wanted) === true)
    .map(({ path, nav }) => ({
      path,
      label: nav?.label ?? '',
      icon: nav?.icon ?? 'search',
      domain: undefined,
    }));
  const domains = (rows.value ?? [])
    .filter(({ is }) => wanted !== '' && isFound(is.value, wanted))
    .slice(0, most)
    .map(({ is }) => ({
      path: pathOf('domains', is.value.name),
      label: is.value.name,
      icon: 'domains' as const,
      domain: is.value,
    }));
  const found = [...domains, ...places].slice(0, most);
  const at = Math.min(chosen.value, Math.max(0, found.length - 1));
  const open = (path: string | undefined) => {
    if (path === undefined) return;
    leave();
    go(path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') chosen.value = Math.min(found.length - 1, at + 1);
    else if (event.key === 'ArrowUp') chosen.value = Math.max(0, at - 1);
    else if (event.key === 'Enter') open(found[at]?.path);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        role="combobox"
        aria-label={texts.palette.open}
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={found.length > 0 ? `found-${at}` : undefined}
        placeholder={texts.palette.placeholder}
        autocomplete="off"
        autofocus
        value={typed.value}
        onInput={({ currentTarget }) => {
          typed.value = currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <div id="found" role="listbox" aria-label={texts.palette.open}>
        {found.map(({ path, label, icon, domain }, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
          <div
            key={path}
            id={`found-${index}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            onClick={() => open(path)}
          >
            <Icon name={icon} />
            <span class="grow wrap">{label}</span>
            {domain === undefined ? (
              <span class="soft small">{texts.palette.screens}</span>
            ) : (
              <StatePill domain={domain} />
            )}
          </div>
        ))}
      </div>
      <p class="soft small hint">{found.length === 0 ? texts.palette.nothing : texts.palette.hint}</p>
    </>
  );
}

/** A window to jump from. */
export function Palette() {
  const leave = () => {
    isJumping.value = false;
  };
  return isJumping.value ? (
    <Dialog label={texts.palette.open} class="palette" leave={leave}>
      <Inside leave={leave} />
    </Dialog>
  ) : null;
}
