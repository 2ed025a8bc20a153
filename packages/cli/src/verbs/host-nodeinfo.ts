// ctvirt nodeinfo
// SPDX-License-Identifier: Apache-2.0
import type { HostFacts } from '@ctvirt/api';
import { byReason } from '../series-words.js';
import { formatFields } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes, yesOrNo } from '../wording.js';

/** All that the daemon tells of the host. */
export const nodeinfo = verb({
  name: 'nodeinfo',
  group: 'Host',
  summary: 'Show facts of the host and of the driver',
  args: {},
  options: {},
  example: { command: 'ctvirt nodeinfo', does: 'Shows kernel, cgroup version, memory and the like.' },
  async run(context) {
    const facts = await context.client.host.facts();
    context.print(facts, (width) => formatFields(fieldsOf(facts), width));
  },
});

const fieldsOf = (facts: HostFacts): readonly (readonly [name: string, value: string])[] => [
  ['Host', facts.name],
  ['Driver', facts.driver],
  ['Driver version', facts.driverVersion],
  ['Kernel', facts.kernel],
  ['Architecture', facts.arch],
  ['CPU(s)', String(facts.cpus)],
  ['Memory', describeBytes(facts.memoryBytes)],
  ['Page size', describeBytes(facts.pageSize)],
  ['Cgroups', facts.cgroups],
  ['Seccomp', yesOrNo(facts.seccomp)],
  ['AppArmor', facts.appArmor],
  ['State', facts.state],
  ['File system', facts.filesystem],
  ['Quotas', facts.quotas.join(', ') || 'none'],
  ['Domains', String(facts.domains)],
  ...byReason(Object.entries(facts.uncounted)).map((line) => ['Not counted', line] as const),
];
