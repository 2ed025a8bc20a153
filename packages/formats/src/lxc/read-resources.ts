// Control groups, resource limits and kernel parameters of an LXC configuration.
// SPDX-License-Identifier: Apache-2.0
import { ubcOutcome, withUbc } from '../beancounters.js';
import { readGroupFile } from '../group-files.js';
import { unlimited } from '../openvz/values.js';
import { approximated, carried } from '../outcome.js';
import { readUint } from './numbers.js';
import { type LxcRead, type LxcRows, note } from './row.js';

/** What no element holds is kept by its name; what cannot be read is not, as it would fail the start. */
const cgroup =
  (prefix: string): LxcRead =>
  (domain, value, rest, facts) =>
    readGroupFile(domain, rest, value, facts) ??
    note(domain, prefix + rest, value, 'no element holds this control group setting');

const rlimitKeys: Readonly<Record<string, { key: string; pages: boolean }>> = {
  nofile: { key: 'NUMFILE', pages: false },
  memlock: { key: 'LOCKEDPAGES', pages: true },
  sigpending: { key: 'NUMSIGINFO', pages: false },
};

const prlimit: LxcRead = (domain, value, rest, { pageSize }) => {
  const [soft = '', hard = soft] = value.split(':').map((part) => part.trim());
  const known = Object.hasOwn(rlimitKeys, rest) ? rlimitKeys[rest] : undefined;
  const number = /^\d{1,19}$/.test(soft) ? BigInt(soft) : soft === 'unlimited' ? unlimited : undefined;
  const scale = known?.pages === true ? BigInt(pageSize) : 1n;
  if (
    known === undefined ||
    soft !== hard ||
    number === undefined ||
    number % scale !== 0n ||
    number >= unlimited
  )
    return note(domain, `prlimit.${rest}`, value, 'no element holds this limit of a process');
  const amount = number / scale;
  return ubcOutcome(
    domain,
    known.key,
    { barrier: amount, limit: amount },
    `parameter ${known.key.toLowerCase()}`,
  );
};

const sysctl: LxcRead = (domain, value, rest) => {
  if (rest !== 'kernel.shmall' || !/^\d{1,15}$/.test(value))
    return note(domain, `sysctl.${rest}`, value, 'no element sets kernel parameters');
  return carried(
    withUbc(domain, 'SHMPAGES', { barrier: BigInt(value), limit: BigInt(value) }),
    'parameter shmpages',
  );
};

/** Of the pool, one terminal is the console's. */
const ptyMax: LxcRead = (domain, value) => {
  const most = readUint(value, 9_999_999);
  if (most === undefined || most < 2) return note(domain, 'pty.max', value, 'every container has a terminal');
  const open = BigInt(most - 1);
  return approximated(
    withUbc(domain, 'NUMPTY', { barrier: open, limit: open }),
    'parameter numpty, less the console',
  );
};

/** Keys of this group, families with their dot. */
export const resourceReads: LxcRows = {
  'cgroup.': cgroup('cgroup.'),
  'cgroup2.': cgroup('cgroup2.'),
  'prlimit.': prlimit,
  'sysctl.': sysctl,
  'pty.max': ptyMax,
};
