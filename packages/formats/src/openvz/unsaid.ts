// What a domain may say that no key of OpenVZ holds.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, isRoot } from '@ctvirt/xml';
import { rootOf } from '../edit.js';
import type { Report } from '../report.js';
import { noWalls, wallsSaid } from '../walls.js';

interface Unsaid {
  readonly key: string;
  readonly why: string;
  readonly said: (domain: Domain) => boolean;
  /** Whether it is written all the same, in a way that not every release reads. */
  readonly isWritten?: true;
}

const elsewhere = "OpenVZ's action scripts mount it, not its configuration";

const table: readonly Unsaid[] = [
  { key: 'title', why: 'DESCRIPTION is the only text', said: ({ title }) => title !== undefined },
  {
    key: 'os/init',
    why: 'OpenVZ starts /sbin/init',
    said: ({ os }) =>
      (os.init ?? '/sbin/init') !== '/sbin/init' || os.initargs !== undefined || os.initenvs !== undefined,
  },
  { key: 'idmap', why: 'LOCAL_UID holds a single range', said: ({ idmap }) => idmap !== undefined },
  {
    key: 'features/capabilities',
    why: 'CAPABILITY knows the default policy only',
    said: ({ features }) => (features?.capabilities?.policy ?? 'default') !== 'default',
  },
  {
    key: 'devices/filesystem',
    why: elsewhere,
    said: ({ devices }) => devices.filesystems?.some((one) => !isRoot(one)) === true,
  },
  {
    key: 'devices/filesystem/quota',
    why: 'limits of users and groups stand in their quota files',
    said: (domain) =>
      rootOf(domain)?.quotas?.some(({ uid, gid }) => uid !== undefined || gid !== undefined) === true,
  },
  {
    key: 'devices/interface',
    why: 'OpenVZ has routed and bridged interfaces, and those of a network',
    said: ({ devices }) =>
      devices.interfaces?.some(({ type }) => !['ethernet', 'bridge', 'network'].includes(type)) === true,
  },
  {
    key: 'devices/interface/ip',
    why: 'OpenVZ 7 sets it; with vzctl a bridged interface is configured inside the container',
    said: ({ devices }) =>
      devices.interfaces?.some((one) => one.type === 'bridge' && one.ips !== undefined) === true,
    isWritten: true,
  },
  {
    key: 'blkiotune/device',
    why: 'IOLIMIT counts all devices together',
    said: ({ blkiotune }) => blkiotune?.devices !== undefined,
  },
  { key: 'seclabel', why: 'OpenVZ has no security labels', said: ({ seclabels }) => seclabels !== undefined },
  {
    key: 'lxc:namespace',
    why: 'OpenVZ shares no namespaces',
    said: ({ lxcNamespace }) => lxcNamespace !== undefined,
  },
];

/** Reports each of them that the domain says. */
export function reportUnsaid(domain: Domain, file: string, report: Report): void {
  for (const key of wallsSaid(domain)) report.ignored({ file, line: 0, key }, noWalls);
  for (const { key, why, said, isWritten } of table)
    if (said(domain)) report[isWritten ? 'approximated' : 'ignored']({ file, line: 0, key }, why);
}
