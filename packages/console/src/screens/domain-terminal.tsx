// A shell in a domain, or its console: it goes on while the page is loaded anew, or the computer sleeps for a moment.
// SPDX-License-Identifier: Apache-2.0
import type { ApiError } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { confirm } from '../parts/dialog.js';
import { Empty } from '../parts/frame.js';
import { Icon } from '../parts/icons.js';
import { type TerminalView, viewOf } from '../parts/terminal.js';
import { ask, place } from '../router.js';
import { say } from '../state/notes.js';
import { may } from '../state/session.js';
import type { Kind, Standing } from '../state/terminals.js';
import { theme } from '../state/theme.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.terminal;

/** A link that a guest wrote: where it leads is said before it is followed. */
const follow = (target: string) =>
  confirm({
    title: words.linkTitle,
    why: target,
    sure: words.linkSure,
    run: () => {
      open(target, '_blank', 'noopener,noreferrer');
    },
  });

function Tools({
  view,
  leave,
}: {
  readonly view: TerminalView;
  readonly leave: { current: HTMLElement | null };
}) {
  const isRead = useSignal(view.isRead);
  const isOpen = view.held.standing.value.kind === 'open';
  const copy = async () => {
    await navigator.clipboard.writeText(view.text());
    say({ kind: 'done', text: texts.copied });
  };
  return (
    <>
      <button
        type="button"
        class="button slim"
        aria-pressed={isRead.value}
        title={words.readWhy}
        onClick={() => {
          view.isRead = !view.isRead;
          isRead.value = view.isRead;
        }}
      >
        {words.read}
      </button>
      <button
        type="button"
        class="button slim"
        ref={(button) => {
          leave.current = button;
        }}
        onClick={() => void copy()}
      >
        <Icon name="copy" />
        {texts.copy}
      </button>
      <button type="button" class="button slim" disabled={!isOpen} onClick={() => view.held.end()}>
        {words.end}
      </button>
    </>
  );
}

const said = (standing: Standing): string =>
  standing.kind === 'over' ? words.over(standing.status) : words.standing[standing.kind];

/** Whether there is nothing in it that goes on. */
const isEnded = (kind: Standing['kind']): boolean => kind === 'none' || kind === 'over' || kind === 'failed';

/** Who has a console is told, and taking it over is said explicitly. */
function TakeOver({ view, users }: { readonly view: TerminalView; readonly users: string }) {
  const take = () =>
    confirm({
      title: words.takeTitle,
      why: words.takeWhy(users),
      sure: words.take,
      run: () => void view.held.open(true),
    });
  return (
    <button type="button" class="button" onClick={take}>
      {words.take}…
    </button>
  );
}

function usersOf({ details }: ApiError): string {
  const users = details?.['users'];
  return Array.isArray(users) ? users.join(', ') : '';
}

function Over({ view, kind }: { readonly view: TerminalView; readonly kind: Kind }) {
  const standing = view.held.standing.value;
  if (!isEnded(standing.kind)) return null;
  const error = standing.kind === 'failed' ? standing.error : undefined;
  const users = error?.code === 'in-use' ? usersOf(error) : '';
  const begin = () => void view.held.open();
  return (
    <div class="terminal-over" role="status">
      <p class="wrap">
        {users !== ''
          ? words.inUse(users)
          : (error?.message ?? (standing.kind === 'none' ? words.why[kind] : said(standing)))}
      </p>
      <div class="buttons">
        <button type="button" class="button main-deed" onClick={begin}>
          {standing.kind === 'none' ? words.open[kind] : words.again[kind]}
        </button>
        {users !== '' && <TakeOver view={view} users={users} />}
      </div>
    </div>
  );
}

function Shown({ uuid, kind }: { readonly uuid: string; readonly kind: Kind }) {
  const view = viewOf(uuid, kind);
  const box = useRef<HTMLDivElement>(null);
  const leave = useRef<HTMLElement>(null);
  const { standing } = view.held;
  useEffect(() => {
    if (box.current === null) return;
    const hide = view.show(box.current, { leave: () => leave.current?.focus(), link: follow });
    if (standing.peek().kind === 'none') void view.held.restore();
    return hide;
  }, [view]);
  const { kind: state } = standing.value;
  useEffect(() => {
    if (state === 'open') view.focus();
  }, [state, view]);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const paint = () => view.paint();
    paint();
    dark.addEventListener('change', paint);
    return () => dark.removeEventListener('change', paint);
  }, [view, theme.value]);
  return (
    <section class="card terminal" aria-label={words.of[kind]}>
      <header>
        <fieldset class="choice">
          <legend class="hidden">{words.which}</legend>
          {(['exec', 'console'] as const).map((one) => (
            <button
              key={one}
              type="button"
              class="button slim"
              aria-pressed={one === kind}
              onClick={() => ask({ of: one === 'exec' ? '' : one })}
            >
              {words.of[one]}
            </button>
          ))}
        </fieldset>
        <span class="grow small soft" role="status">
          {isEnded(state) ? '' : said(standing.value)}
        </span>
        <Tools view={view} leave={leave} />
      </header>
      <div class="terminal-area">
        <Over view={view} kind={kind} />
        <div class="terminal-place" ref={box} data-own-keys />
      </div>
      <p class="terminal-hint small soft">{words.hint}</p>
    </section>
  );
}

export function Tab({ row }: TabProps) {
  const kind: Kind = place.value.query.get('of') === 'console' ? 'console' : 'exec';
  const { state } = row.is.value;
  if (!may('operator'))
    return (
      <div class="card">
        <Empty icon="question" title={texts.deeds.noRole('operator')} why={words.noRole} />
      </div>
    );
  if (state === 'shutoff' && viewOf(row.uuid, kind).held.standing.value.kind === 'none')
    return (
      <div class="card">
        <Empty icon="power" title={words.off} why={words.offWhy} />
      </div>
    );
  return <Shown key={kind} uuid={row.uuid} kind={kind} />;
}
