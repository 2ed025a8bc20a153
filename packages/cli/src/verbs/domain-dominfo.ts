// ctvirt dominfo
// SPDX-License-Identifier: Apache-2.0
import type { DomainInfo } from '@ctvirt/api';
import { formatFields } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes, describeState, yesOrNo } from '../wording.js';
import { anyDomain } from './arguments.js';

/** JSON is the daemon's DomainInfo whole; the text has virsh's fields in virsh's columns. */
export const dominfo = verb({
  name: 'dominfo',
  aliases: ['info'],
  group: 'Domains',
  summary: 'Show what a domain is and what it uses',
  args: { domain: anyDomain },
  options: {},
  example: { command: 'ctvirt dominfo web', does: "Shows state, limits and use of 'web'." },
  async run(context, { args: { domain } }) {
    const info = await context.client.domains.info({ domain });
    // Apart, so that virsh's fields stand in virsh's columns.
    context.print(
      info,
      (width) => formatFields(fieldsOf(info, context.isForeign), width) + formatFields(wallsOf(info), width),
    );
  },
});

const noLimit = 'no limit';

type Field = readonly [name: string, value: string];

/** virsh's fields first, in its order, then those that only containers have; what is unknown is left out, as a foreign domain's disk is. */
function fieldsOf(info: DomainInfo, isForeign: boolean): readonly Field[] {
  const optional = (name: string, value: string | number | null): readonly Field[] =>
    value === null || value === '' ? [] : [[name, String(value)]];
  const { disk, idMap } = info;
  const ofDisk = (used: number | null, limit: number | null, show: (value: number) => string) =>
    isForeign ? null : (useOf(used, limit, show, noLimit) ?? noLimit);
  return [
    ['Id', info.id === null ? '-' : String(info.id)],
    ['Name', info.name],
    ['UUID', info.uuid],
    ['OS Type', 'exe'],
    ['State', describeState(info)],
    ['CPU(s)', String(info.vcpus)],
    ...optional('CPU time', info.cpuTimeNs === null ? null : `${(info.cpuTimeNs / 1e9).toFixed(1)}s`),
    ['Max memory', info.maxMemoryKiB === null ? noLimit : `${info.maxMemoryKiB} KiB`],
    ...optional('Used memory', info.usedMemoryKiB === null ? null : `${info.usedMemoryKiB} KiB`),
    ['Persistent', yesOrNo(info.persistent)],
    ['Autostart', info.autostart ? 'enable' : 'disable'],
    ...optional('Start order', info.order ?? null),
    ...optional('Start delay', info.delaySeconds === undefined ? null : `${info.delaySeconds} s`),
    ['Type', info.type],
    ...optional('CTID', info.ctid),
    ...optional('Template', info.template),
    ...optional('Profile', info.profile),
    ...optional('Hostname', info.hostname),
    ...optional('Addresses', info.addresses.join(', ')),
    ...optional('Init pid', info.initPid),
    ...optional('Rescue', info.rescue ? 'yes: /bin/sh runs in the place of its init' : null),
    ...optional('Started', info.startedAt),
    ...optional('Last end', info.lastEnd === null ? null : `${info.lastEnd.how} (${info.lastEnd.at})`),
    ...optional('Processes', processesOf(info)),
    ...optional('Disk', ofDisk(disk.usedBytes, disk.limitBytes, describeBytes)),
    ...optional('Inodes', ofDisk(disk.usedInodes, disk.limitInodes, String)),
    ...optional('Id map', idMap === null ? null : `${idMap.start} + ${idMap.count}`),
  ];
}

const wallsOf = ({ walls }: DomainInfo): readonly Field[] =>
  walls.map(({ name, state, how }) => [`Wall ${name}`, `${state}: ${how}`]);

function processesOf({ processes, maxProcesses, maxProcessesDefault }: DomainInfo): string | null {
  const use = useOf(processes, maxProcesses, String);
  return use !== null && maxProcesses !== null && maxProcessesDefault ? `${use} (default)` : use;
}

function useOf(
  used: number | null,
  limit: number | null,
  show: (value: number) => string,
  none?: string,
): string | null {
  if (used === null && limit === null) return null;
  const usedText = used === null ? '-' : show(used);
  if (limit !== null) return `${usedText} of ${show(limit)}`;
  return none === undefined ? usedText : `${usedText}, ${none}`;
}
