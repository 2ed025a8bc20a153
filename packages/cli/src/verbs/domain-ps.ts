// ctvirt ps
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type DomainProcess } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { anyDomain } from './arguments.js';

/** JSON is an array of processes in the order of the table. */
export const ps = verb({
  name: 'ps',
  group: 'Domains',
  summary: 'Show the processes of running domains, by their numbers on the host and inside',
  details: [
    "PID is the host's number, by which top and kill know it, Inside the container's own; User is a number of the container's /etc/passwd.",
    "Those that had the most processor time stand first. --pid tells which domain one of the host's processes belongs to; it ends with status 3 where that is none.",
  ],
  args: {
    domain: { ...anyDomain, optional: true, summary: `${anyDomain.summary}; without it, all that run` },
  },
  options: {
    pid: { type: 'whole', value: 'PID', summary: 'Only the process that has this number on the host' },
  },
  example: { command: 'ctvirt ps --pid 4711', does: 'Tells whose process 4711 of the host is.' },
  async run(context, { args: { domain }, options: { pid } }) {
    if (pid === 0) throw new CliError('usage', 'ps: --pid is at least 1');
    const found = await context.client.usage
      .processes({
        ...(domain === undefined ? {} : { domain }),
        ...(pid === undefined ? {} : { pid }),
      })
      .catch((error: unknown) => {
        if (error instanceof ApiError && error.code === 'not-found' && /^\d+$/.test(domain ?? ''))
          throw new ApiError(
            'not-found',
            `${error.message}; ctvirt ps --pid ${domain} tells whose process that is`,
          );
        throw error;
      });
    const sorted = [...found].sort((one, other) => other.cpuTimeNs - one.cpuTimeNs);
    context.print(sorted, (width) => formatTable(columns, sorted.map(rowOf), width));
  },
});

const columns = ['Domain', 'PID', 'Inside', 'User', 'State', 'Memory', 'CPU time', 'Command'] as const;

const rowOf = (process: DomainProcess): string[] => [
  process.domain,
  String(process.pid),
  String(process.pidInside),
  process.uidInside === null ? '-' : String(process.uidInside),
  process.state,
  describeBytes(process.memoryKiB * 1024),
  `${(process.cpuTimeNs / 1e9).toFixed(1)}s`,
  // Threads of the kernel, and what has ended, have no command line.
  process.command.length > 0 ? process.command.join(' ') : `[${process.name}]`,
];
