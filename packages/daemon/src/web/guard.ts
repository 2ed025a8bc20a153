// The door of browsers: whose name it is called by, which page asks, whose session it is, and what that may.
// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { mayAs, type Role } from '@ctvirt/api';
import { type Door, type Wish, withoutSession } from '../http/door.js';
import { refuseForeignPage } from '../http/foreign-page.js';
import { Refusal } from '../http/refusal.js';
import type { Entry, WebSessions } from './sessions.js';

/** Where browsers come in. */
export interface Place {
  readonly isTls: boolean;
  /** Whether the listener is called so, without a port. */
  isOwnName(name: string): boolean;
}

/** The half of a session that script cannot read: one cookie each, since those of a host go to all of its ports. */
const cookieName = (id: string, isTls: boolean): string => `${isTls ? '__Host-' : ''}ctvirt-${id}`;

/** Gives a browser the cookie, or with no seconds takes it away. */
export const cookieOf = (id: string, value: string, seconds: number, isTls: boolean): string =>
  `${cookieName(id, isTls)}=${value}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Strict${isTls ? '; Secure' : ''}`;

/** Of every answer; a page has a policy of its own. */
const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const over = (): Refusal =>
  new Refusal(401, 'no-session', 'no session, or it is over: ctvirt web makes a link for another');

/** A door that asks for sessions. */
export const guardedDoor = (sessions: WebSessions, place: Place): Door => ({
  headers,
  admit(request, wish) {
    refuseOtherName(request, place);
    if (bearerOf(request) === undefined) refuseOtherPage(request, wish, place);
    if (wish.role === 'anyone') return withoutSession;
    const session = sessionOf(request, sessions, place);
    if (session === undefined) throw over();
    refuseLesser(session.role, wish.role);
    const confirm = (): void => {
      if (!sessions.isIn(session)) throw over();
    };
    return {
      session,
      confirm,
      hold(end, holding) {
        // What took its time to begin may have outlived it.
        confirm();
        return sessions.hold(session, end, holding);
      },
    };
  },
});

/** A name that somebody pointed here is none of ours, and its page would be of the same origin. */
function refuseOtherName({ headers: { host = '' }, rawHeaders }: IncomingMessage, place: Place): void {
  // Of two Node keeps the first, and a proxy between may have gone by the second.
  if (rawHeaders.filter((word, at) => at % 2 === 0 && word.toLowerCase() === 'host').length > 1)
    throw new Refusal(400, 'invalid', 'the request says more than once whom it is for: Host');
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  const name = bracketed ?? plain;
  if (name === undefined || !place.isOwnName(name.toLowerCase()))
    throw new Refusal(421, 'denied', `nobody here is called '${host}'`);
}

function refuseOtherPage({ headers, method }: IncomingMessage, wish: Wish, { isTls }: Place): void {
  const changes = wish.isUpgrade === true || (method !== 'GET' && method !== 'HEAD');
  const own = `${isTls ? 'https' : 'http'}://${headers.host}`;
  // What a page is made of holds nothing of ours, and may be asked for by who follows a link.
  if (wish.role !== 'anyone' || changes) refuseForeignPage(headers);
  if (headers.origin === undefined ? changes : headers.origin !== own)
    throw new Refusal(403, 'denied', `not for pages of ${headers.origin ?? 'no origin'}`);
}

const bearerOf = ({ headers: { authorization } }: IncomingMessage): string | undefined =>
  /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];

function sessionOf(request: IncomingMessage, sessions: WebSessions, { isTls }: Place): Entry | undefined {
  const bearer = bearerOf(request);
  if (bearer !== undefined) return sessions.findToken(bearer);
  const key = keyOf(request);
  if (key === undefined) return undefined;
  return sessions.find(key, (id) => cookiesIn(request, cookieName(id, isTls)));
}

/** A header, or where a browser lets a page set none, a protocol of the WebSocket that is never spoken. */
function keyOf({ headers }: IncomingMessage): string | undefined {
  const { 'x-ctvirt-key': key, 'sec-websocket-protocol': protocols = '' } = headers;
  if (typeof key === 'string') return key;
  const offered = protocols.split(',').map((protocol) => protocol.trim());
  return offered.find((protocol) => protocol.startsWith('key.'))?.slice('key.'.length);
}

/** Pages of other ports of this host set cookies of the same name, which a browser may send before ours. */
function cookiesIn({ headers: { cookie = '' } }: IncomingMessage, name: string): readonly string[] {
  const pairs = cookie.split(';').map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
}

function refuseLesser(has: Role, wanted: Role): void {
  if (mayAs(has, wanted)) return;
  throw new Refusal(403, 'denied', `not for the role ${has}: it takes ${wanted}`);
}
