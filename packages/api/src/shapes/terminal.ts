// Terminals that outlive their client for a while: what is told of one, and how its client comes back to it.
// SPDX-License-Identifier: Apache-2.0
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
import { terminalSize } from './session.js';

/** What comes back to a terminal. */
export const attachRequest = strict({
  after: optional(
    integer({
      minimum: 0,
      description:
        'How many bytes of its output are shown already (default: what is still known of it comes again)',
    }),
  ),
  free: optional(
    boolean({ description: 'Only if nobody has it now, else `in-use` (default: whoever has it loses it)' }),
  ),
  ...terminalSize.properties,
});
/** What comes back to a terminal. */
export type AttachRequest = Static<typeof attachRequest>;

/** A terminal that is kept. */
export const terminal = object(
  {
    id: string({ description: 'What it is called' }),
    domain: string({ description: 'Name of the domain when it was opened' }),
    uuid: string({ format: 'uuid', description: 'UUID of the domain' }),
    kind: oneOf(['exec', 'console'], { description: 'A program, or the console' }),
    program: nullable(
      string({ description: 'The first 200 characters of its command line; null of the console' }),
    ),
    session: nullable(
      string({
        description: "Id of the browser's session that has it; null of who asked at the daemon's own socket",
      }),
    ),
    since: string({ format: 'date-time', description: 'When it was opened' }),
    attached: boolean({ description: 'Whether a client has it now' }),
    lookedAt: string({ format: 'date-time', description: 'When a client last had it: now, while one has' }),
    keptBytes: integer({ minimum: 0, description: 'How much of its output is kept' }),
    over: boolean({ description: 'Whether its program has ended, and it waits to tell how' }),
  },
  { title: 'Terminal', description: 'A terminal that is kept for its client' },
);
/** A terminal that is kept. */
export type Terminal = Static<typeof terminal>;
