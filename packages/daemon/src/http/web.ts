// Getting in by browser over HTTP, bound to who keeps its sessions.
// SPDX-License-Identifier: Apache-2.0
import type { Resources, WebEntry, WebKey, WebOwn, WebRequest, WebSession } from '@ctvirt/api';
import { EngineError } from '@ctvirt/engine';
import type { SessionView } from './door.js';
import type { Handlers } from './handler.js';

/** Who keeps links, sessions and tokens, and listens for them. */
export interface Web {
  list(): readonly WebSession[];
  open(request: WebRequest): Promise<WebEntry>;
  revoke(id: string): Promise<WebSession>;
  /** Makes a session of a link; the cookie is its other half. Throws a Refusal. */
  enter(token: string): Promise<{ readonly key: WebKey; readonly cookie: string }>;
  own(session: SessionView): WebOwn;
  /** Ends it; answers the cookie that takes its half out of the browser. */
  leave(session: SessionView): Promise<string>;
}

const none = (): never => {
  throw new EngineError('unsupported', 'this daemon has no door for browsers');
};

/** Of an app that nobody reaches by browser. */
export const noWeb: Web = {
  list: () => [],
  open: none,
  revoke: none,
  enter: none,
  own: none,
  leave: none,
};

function sessionOf({ session }: { readonly session: SessionView | undefined }): SessionView {
  if (session === undefined)
    throw new EngineError(
      'unsupported',
      "whoever asks at the daemon's own socket is root, and has no session",
    );
  return session;
}

/** Sessions of browsers and tokens of programs. */
export const bindWeb = (web: Web): Handlers<Resources['web']> => ({
  list: () => web.list(),
  open: ({ body }) => web.open(body),
  revoke: ({ params: { session }, caller }) => {
    if (session === caller.session?.id) caller.letGo();
    return web.revoke(session);
  },
  me: ({ caller }) => web.own(sessionOf(caller)),
  enter: async ({ body, caller }) => {
    const { key, cookie } = await web.enter(body.token);
    caller.setCookie(cookie);
    return key;
  },
  leave: async ({ caller }) => {
    const own = sessionOf(caller);
    caller.letGo();
    caller.setCookie(await web.leave(own));
  },
});
