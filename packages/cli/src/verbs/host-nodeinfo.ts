// ctvirt nodeinfo
// SPDX-License-Identifier: Apache-2.0
import { formatFields } from '../table.js';
import { verb } from '../verb.js';

/** Prints the host's facts by the names they have in JSON, all that the daemon tells. */
export const nodeinfo = verb({
  name: 'nodeinfo',
  group: 'Host',
  summary: 'Show facts of the host and of the driver',
  args: {},
  options: {},
  example: { command: 'ctvirt nodeinfo', does: 'Shows kernel, cgroup version, memory and the like.' },
  async run(context) {
    const facts = await context.client.host.facts();
    context.print(facts, (width) =>
      formatFields(
        Object.entries(facts).map(([name, value]) => [name, String(value) || 'none']),
        width,
      ),
    );
  },
});
