// ctvirt console
// SPDX-License-Identifier: Apache-2.0
import { attach, sizeOf } from '../terminal.js';
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';

/** Ctrl and ]. */
const escapeByte = 0x1d;

export const console = verb({
  name: 'console',
  group: 'Domains',
  summary: "Attach to a running domain's console",
  details: ['Ctrl + ] detaches; the domain goes on.'],
  args: { domain: activeDomain },
  options: {},
  example: { command: 'ctvirt console web', does: "Shows the console of 'web' and types into it." },
  async run(context, { args: { domain } }) {
    const { io, client } = context;
    const session = await client.domains.console({ domain, open: sizeOf(io) }, { signal: io.signal });
    context.remark(`Connected to domain '${domain}'\nEscape character is ^] (Ctrl + ])`);
    const ending = await attach(session, io, { isTerminal: true, detachByte: escapeByte });
    context.remark(ending.kind === 'detached' ? '\ndetached' : '\nthe console is closed');
  },
});
