// Ways in by browser: links that are good once, the sessions they become, and tokens of programs that read metrics.
// SPDX-License-Identifier: Apache-2.0
import { sessionRoles } from '../role.js';
import {
  boolean,
  integer,
  nullable,
  object,
  oneOf,
  optional,
  type Static,
  strict,
  string,
} from '../schema.js';

const sessionRole = oneOf(sessionRoles, {
  description:
    '`viewer` looks, `operator` runs domains and is root in them, `admin` may all; `metrics` is a program that reads the metrics and nothing else',
});
const id = string({ description: 'What it is revoked by; no secret' });
const expiresAt = string({ description: 'When it is over, whatever is done with it: RFC 3339' });

/** Who is to be let in. */
export const webRequest = strict({
  role: optional(sessionRole),
  forSeconds: optional(
    integer({
      minimum: 60,
      maximum: 100 * 366 * 86_400,
      description:
        'How long it lasts: 12 hours at most and by default, as many years as you like of the role `metrics` (default: 10)',
    }),
  ),
});
/** Who is to be let in. */
export type WebRequest = Static<typeof webRequest>;

/** One who may come in, or is in. */
export const webSession = object(
  {
    id,
    role: sessionRole,
    state: oneOf(['link', 'open', 'token'], {
      description:
        '`link`: nobody has used it yet; `open`: a browser has it; `token`: a program has it, over many connections',
    }),
    createdAt: string({ description: 'When it was asked for: RFC 3339' }),
    expiresAt,
    lastUsedAt: nullable(string({ description: 'When it last asked for something; null if it never did' })),
  },
  { title: 'WebSession', description: 'One who may come in by browser, or is in' },
);
/** One who may come in, or is in. */
export type WebSession = Static<typeof webSession>;

/** The way in for one. */
export const webEntry = object(
  {
    id,
    role: sessionRole,
    url: string({ description: 'Where the daemon listens' }),
    link: nullable(
      string({
        description:
          'What to open in a browser within 60 seconds, once; its secret is in the fragment, which is sent to nobody. Null of a token',
      }),
    ),
    token: nullable(
      string({
        description: 'What the program sends as `Authorization: Bearer`; told this once. Null of a link',
      }),
    ),
    isLocal: boolean({ description: 'Whether the daemon listens for this host alone' }),
    expiresAt,
  },
  { title: 'WebEntry', description: 'The way in for one' },
);
/** The way in for one. */
export type WebEntry = Static<typeof webEntry>;

/** What a page sends that was opened by a link. */
export const webArrival = strict({
  token: string({ minLength: 1, maxLength: 256, description: "The fragment's `t`" }),
});

const own = {
  id,
  role: sessionRole,
  expiresAt,
  idleSeconds: integer({
    description: 'After so long without a request, a stream or a terminal it is over, too',
  }),
};

/** The session of who asks. */
export const webOwn = object(own, { title: 'WebOwn', description: 'The session of who asks' });
/** The session of who asks. */
export type WebOwn = Static<typeof webOwn>;

/** The page's half of a session; the other is a cookie that comes with it. */
export const webKey = object(
  {
    ...own,
    key: string({
      description:
        'To be sent as `X-Ctvirt-Key` with each request, and as the protocol `key.KEY` of a WebSocket',
    }),
  },
  { title: 'WebKey', description: "The page's half of a session" },
);
/** The page's half of a session. */
export type WebKey = Static<typeof webKey>;
