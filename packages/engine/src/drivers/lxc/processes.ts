// The processes of a running container, read by a program of its own: a container can make who reads a command line wait.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { type CgroupLayout, processesIn } from '../../cgroups/layout.js';
import { unlessGone } from '../../host/gone.js';
import { startedAt } from '../../host/processes.js';
import { run } from '../../host/run.js';
import { type IdMapEntry, idsIn } from '../../host/userns.js';
import type { RunProcess } from '../driver.js';

/** Longer ones are for nobody to read. */
const COMMAND_BYTES = 4096;
/** Two digits for each byte of so many have to fit into what `run` keeps of a program. */
const AT_ONCE = 50;
const READ_WAIT_MS = 5000;
const NS_PER_TICK = 10_000_000;

// Perl, since what hangs in here is a process that can be ended. A line for each process: its pid, and the files in hex.
const reader = `
while (my $pid = <STDIN>) {
  chomp $pid;
  my @texts;
  for my $file (@ARGV) {
    my $text = '';
    if (open my $in, '<', "/proc/$pid/$file") { sysread $in, $text, ${COMMAND_BYTES} }
    push @texts, unpack 'H*', $text;
  }
  print join(' ', $pid, @texts), "\\n";
}
`;

/** How a container's processes are found, and who its users are. */
export interface ProcessParts {
  readonly cgroups: CgroupLayout;
  readonly group: string;
  readonly initPid: number;
}

/** Its processes in the order of their groups, or the one of a pid of the host, if that is one of them. */
export async function processesOf(
  { cgroups, group, initPid }: ProcessParts,
  only: number | undefined,
): Promise<readonly RunProcess[]> {
  const all = await processesIn(cgroups.path('freezer', group));
  const pids = all.filter((pid) => only === undefined || pid === only);
  if (pids.length === 0) return [];
  const users = idsIn(unlessGone(() => readFileSync(`/proc/${initPid}/uid_map`, 'utf8')) ?? '');
  const found: RunProcess[] = [];
  for (let at = 0; at < pids.length; at += AT_ONCE) {
    const some = pids.slice(at, at + AT_ONCE);
    // Where a command line keeps its reader waiting, all else is told without one.
    const texts = await textsOf(some, ['stat', 'status', 'cmdline']).catch(() =>
      textsOf(some, ['stat', 'status']),
    );
    found.push(...texts.flatMap((each) => processOf(each, users) ?? []));
  }
  return found;
}

interface Texts {
  readonly pid: number;
  readonly stat: string;
  readonly status: string;
  readonly cmdline: string;
}

async function textsOf(pids: readonly number[], files: readonly string[]): Promise<Texts[]> {
  const { stdout } = await run(['/usr/bin/perl', '-e', reader, ...files], {
    input: pids.map((pid) => `${pid}\n`).join(''),
    timeoutMs: READ_WAIT_MS,
  });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [pid, ...texts] = line.split(' ');
      const [stat = '', status = '', cmdline = ''] = texts.map((hex) =>
        Buffer.from(hex, 'hex').toString('utf8'),
      );
      return { pid: Number(pid), stat, status, cmdline };
    });
}

/** Undefined if it has ended. */
function processOf(
  { pid, stat, status, cmdline }: Texts,
  users: readonly IdMapEntry[],
): RunProcess | undefined {
  if (stat === '') return undefined;
  const [state = '', parent, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const line = (name: string): string[] =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  // Of all that `parent` is followed by.
  const number = (at: number): number => Number(fields[at]);
  return {
    pid,
    pidInside: Number(line('NSpid').at(-1) ?? pid),
    parent: Number(parent),
    uidInside: insideOf(Number(line('Uid')[0]), users),
    state,
    threads: number(15),
    memoryKiB: Number(line('VmRSS')[0] ?? 0),
    cpuTimeNs: (number(9) + number(10)) * NS_PER_TICK,
    startedAt: startedAt(number(17)).toISOString(),
    name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    command: cmdline
      .replace(/\0+$/, '')
      .split('\0')
      .filter((word, at) => at > 0 || word !== ''),
  };
}

function insideOf(uid: number, users: readonly IdMapEntry[]): number | null {
  const range = users.find(({ outside, count }) => uid >= outside && uid < outside + count);
  return range === undefined ? null : range.inside + uid - range.outside;
}
