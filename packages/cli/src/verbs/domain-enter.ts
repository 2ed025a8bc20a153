// ctvirt enter
// SPDX-License-Identifier: Apache-2.0
import { execFailedStatus, interruptedStatus } from '../exit-status.js';
import { loginShell } from '../login-shell.js';
import { attach } from '../terminal.js';
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';

/** Passes the shell's exit status on; it prints no JSON. */
export const enter = verb({
  name: 'enter',
  group: 'Domains',
  summary: 'Open a login shell inside a running domain',
  details: [
    "The shell is the one that the container's /etc/passwd names for root, or the user of --user, in that user's home and with his groups; /bin/sh without one. It is a login shell, which reads the profile.",
    `Where the input is no terminal the shell has none either, and reads its lines from there. The exit status is the shell's, or ${execFailedStatus} where ctvirt itself fails.`,
  ],
  args: { domain: activeDomain },
  options: {
    user: { type: 'text', short: 'u', value: 'USER', summary: 'As this user of the container' },
  },
  example: { command: 'ctvirt enter web', does: "Opens root's shell in 'web'; exit or Ctrl + D leaves it." },
  failureStatus: execFailedStatus,
  async run(context, { args: { domain }, options: { user = '0' } }) {
    const { io, client } = context;
    const open = loginShell(io, user);
    const session = await client.domains.exec({ domain, open }, { signal: io.signal });
    const ending = await attach(session, io, { isTerminal: open.tty === true });
    if (io.signal.aborted) return interruptedStatus;
    return ending.kind === 'exited' ? ending.status : undefined;
  },
});
