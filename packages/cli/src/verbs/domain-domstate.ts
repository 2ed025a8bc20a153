// ctvirt domstate
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { describeState } from '../wording.js';
import { anyDomain } from './arguments.js';

/** JSON has `state` and `reason` always; the text ends with an empty line, as virsh's does. */
export const domstate = verb({
  name: 'domstate',
  aliases: ['status'],
  group: 'Domains',
  summary: "Print a domain's state",
  args: { domain: anyDomain },
  options: { reason: { type: 'flag', summary: 'And why it is in it' } },
  example: { command: 'ctvirt domstate web --reason', does: "Prints, say, 'shut off (crashed)'." },
  async run(context, { args: { domain }, options: { reason } }) {
    const summary = await context.client.domains.summary({ domain });
    const { state, reason: cause } = summary;
    context.print(
      { state, reason: cause },
      () => `${describeState(summary)}${reason ? ` (${cause})` : ''}\n\n`,
    );
  },
});
