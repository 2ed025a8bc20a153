// The login shell that enter opens inside a domain.
// SPDX-License-Identifier: Apache-2.0
import type { ExecRequest } from '@ctvirt/api';
import type { Io } from './io.js';
import { sizeOf } from './terminal.js';

/** By the container's own /etc/passwd; one that names none, or one that is not there, has /bin/sh. */
const line = '[ -x "$SHELL" ] || export SHELL=/bin/sh; exec "$SHELL" -l';

/** With a terminal where there is one here; `before` are lines that run first. */
export function loginShell(io: Io, user: string, before = ''): ExecRequest {
  const tty = io.stdin.isTTY === true;
  const { TERM = '' } = io.env;
  return {
    argv: ['/bin/sh', '-c', before + line],
    user,
    ...(tty && { tty, ...sizeOf(io) }),
    ...(tty && TERM !== '' && { env: { TERM } }),
  };
}
