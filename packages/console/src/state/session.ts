// Who is before the page: in by a link, with a role, until a moment.
// SPDX-License-Identifier: Apache-2.0
import { type ApiError, pageRoles, type WebOwn } from '@ctvirt/api/browser';
import { computed, signal } from '@preact/signals';
import { asApiError } from './asked.js';
import { daemon, key } from './daemon.js';
import { hear, standing, startStream, stopStream } from './stream.js';

/** Whether somebody is in; `why` is what is said to one who is not. */
export type Presence =
  | { readonly kind: 'asking' }
  | { readonly kind: 'in'; readonly session: WebOwn }
  | { readonly kind: 'out'; readonly why: 'no link' | 'bad link' | 'over' | ApiError };

/** Who is before the page. */
export const presence = signal<Presence>({ kind: 'asking' });

/** What somebody may be who looks at a page. */
export type Role = (typeof pageRoles)[number];

/** What this session may do; undefined before it is known. */
export const role = computed<Role | undefined>(() =>
  presence.value.kind === 'in' ? pageRoles.find((one) => one === roleName()) : undefined,
);

const roleName = (): string | undefined =>
  presence.value.kind === 'in' ? presence.value.session.role : undefined;

/** Whether this session may do what needs that role. */
export const may = (needed: Role): boolean =>
  role.value !== undefined && pageRoles.indexOf(role.value) >= pageRoles.indexOf(needed);

const tokenIn = (): string | null => new URLSearchParams(location.hash.slice(1)).get('t');

/** A link's secret is in the fragment, and leaves the bar before anything else happens. */
function takeToken(): string | undefined {
  const token = tokenIn();
  if (token === null) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return token;
}

async function arrive(): Promise<Presence> {
  const token = takeToken();
  if (token !== undefined) {
    try {
      const { key: half, ...session } = await daemon.web.enter({ body: { token } });
      key.keep(half);
      return { kind: 'in', session };
    } catch (error) {
      // Who reloads a page that a link opened has a session all the same.
      const refusal = asApiError(error);
      if (key.get() === undefined)
        return { kind: 'out', why: refusal.code === 'unreachable' ? refusal : 'bad link' };
    }
  }
  if (key.get() === undefined) return { kind: 'out', why: 'no link' };
  try {
    return { kind: 'in', session: await daemon.web.me() };
  } catch (error) {
    const refusal = asApiError(error);
    if (refusal.code !== 'no-session') return { kind: 'out', why: refusal };
    key.forget();
    return { kind: 'out', why: 'over' };
  }
}

/** Finds out who is there, by the link or by what is kept of the session. */
export async function enter(): Promise<void> {
  presence.value = { kind: 'asking' };
  presence.value = await arrive();
  if (presence.value.kind === 'in') startStream();
}

/** Ends the session; other tabs of it end as well. */
export async function leave(): Promise<void> {
  try {
    await daemon.web.leave();
  } catch {
    // It is over one way or another: the key goes.
  }
  end('no link');
}

function end(why: 'no link' | 'over'): void {
  stopStream();
  key.forget();
  presence.value = { kind: 'out', why };
}

/** Ends what this tab shows when the session is over, whoever ended it. */
export function followSession(): void {
  hear((news) => {
    if (news.kind === 'standing' && standing.value.state === 'ended') end('over');
  });
  // Another tab has come in by a link of its own, or left.
  addEventListener('storage', ({ key: name }) => {
    if (!key.isAt(name)) return;
    if (key.get() !== undefined) void follow();
    else if (presence.value.kind === 'in') end('over');
  });
  // A link in the bar of a page that is open already loads nothing anew.
  addEventListener('hashchange', () => {
    if (tokenIn() !== null) void follow();
  });
}

/** There is another session, whose role this tab has from now on; what is open in it stays. */
async function follow(): Promise<void> {
  if (presence.value.kind !== 'in') return enter();
  const there = await arrive();
  if (there.kind === 'in') presence.value = there;
}
