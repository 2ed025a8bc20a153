// Compares our reading of an LXC configuration with the document libvirt's importer makes of it.
// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { type Domain, parseDomain } from '@ctvirt/xml';
import { filesOf } from '../files.js';
import { formats } from '../formats.js';

/** What the two may differ in, with the reason; this list may only shrink. */
const justified: Readonly<Record<string, string>> = {
  idmap: 'libvirt takes the first number for the host, liblxc for the container',
};

/** libvirt drops mount options; ours keeps them. */
const withoutOptions = (domain: Domain) =>
  (domain.devices.filesystems ?? []).map(({ alias: _, source, ...rest }) => {
    const { options: __, ...plain } = source;
    return { ...rest, source: plain };
  });

/** Without what libvirt makes up: 64 MiB of memory, one processor, -1 for no quota, an address for a pattern. */
const aspects: Readonly<Record<string, (domain: Domain) => unknown>> = {
  name: ({ name, hostname }) => hostname ?? name,
  arch: ({ os }) => os.type.arch,
  memory: ({ memtune, memoryKiB }) => memtune ?? (memoryKiB === 65_536 ? undefined : memoryKiB),
  shares: ({ cputune }) => cputune?.shares,
  period: ({ cputune }) => cputune?.period,
  quota: ({ cputune }) => (cputune?.quota === -1 ? undefined : cputune?.quota),
  cpuset: ({ vcpu }) => vcpu?.cpuset,
  nodeset: ({ numatune }) => numatune?.memory?.nodeset,
  blkiotune: ({ blkiotune }) => blkiotune,
  idmap: ({ idmap }) => idmap,
  capabilities: ({ features }) => features?.capabilities,
  network: ({ features }) => features?.privnet === true,
  filesystems: withoutOptions,
  interfaces: ({ devices }) => (devices.interfaces ?? []).map(({ mac: _, ...rest }) => rest),
  hostdevs: ({ devices }) => devices.hostdevs ?? [],
  consoles: ({ devices }) => devices.consoles?.length ?? 0,
};

/** One difference; `reason` is undefined for one that nothing justifies. */
export interface Difference {
  readonly aspect: string;
  readonly ours: unknown;
  readonly theirs: unknown;
  readonly reason: string | undefined;
}

/** All differences; undefined when ours does not recognise the configuration or theirs is no document. */
export function compareImport(config: string, xml: string): Difference[] | undefined {
  const files = filesOf([['config', config]]);
  const [unit] = formats.lxc.detect(files);
  const theirs = parseDomain(xml).domain;
  if (unit === undefined || theirs === undefined) return undefined;
  const ours = formats.lxc.read(files, unit, { pageSize: 4096, cpus: 1 }).domain;
  return Object.entries(aspects).flatMap(([aspect, of]) => {
    const [a, b]: unknown[] = [plain(of(ours)), plain(of(theirs))];
    return isDeepStrictEqual(a, b) ? [] : [{ aspect, ours: a, theirs: b, reason: justified[aspect] }];
  });
}

/** Without fields that are undefined. */
const plain = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));
