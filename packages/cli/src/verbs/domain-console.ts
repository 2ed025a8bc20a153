// ctvirt console
// SPDX-License-Identifier: Apache-2.0
import { attach, sizeOf } from '../terminal.js';
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';

/** Ctrl and ]. */
const escapeByte = 0x1d;

/** Prints no JSON: input and output are the console's; `^]` ends it and leaves the domain alone. */
export const console = verb({
  name: 'console',
  group: 'Domains',
  summary: "Attach to a running domain's console",
  details: [
    'Ctrl + ] detaches, and so do SIGTERM and SIGHUP; the domain goes on. At the end of its input it detaches after a second, in which the console may still answer.',
    'One has it at a time: who else asks is told who has it, whichever client that one came by.',
  ],
  args: { domain: activeDomain },
  options: { force: { type: 'flag', summary: 'Take it over from who has it' } },
  example: { command: 'ctvirt console web', does: "Shows the console of 'web' and types into it." },
  async run(context, { args: { domain }, options: { force } }) {
    const { io, client } = context;
    const open = { ...sizeOf(io), ...(force && { force }) };
    const { name, uuid } = await client.domains.summary({ domain });
    const session = await client.domains.console({ domain: uuid, open }, { signal: io.signal });
    context.remark(`Connected to domain '${name}'\nEscape character is ^] (Ctrl + ])`);
    const ending = await attach(session, io, { isTerminal: true, detachByte: escapeByte });
    context.remark(ending.kind === 'detached' ? '\ndetached' : '\nthe console is closed');
  },
});
