// A domain written as zonecfg commands, in the order of an export.
// SPDX-License-Identifier: Apache-2.0

import {
  type Domain,
  type Filesystem,
  type Interface,
  type Ip,
  isRoot,
  memoryLimitKiB,
  processorTimeOf,
  type Route,
} from '@ctvirt/xml';
import { parametersWith, parameterValue, ubcOf } from '../beancounters.js';
import { rootOf } from '../edit.js';
import type { HostFacts } from '../format.js';
import { isMountNote, keptMount } from '../fstab.js';
import { unlimited } from '../openvz/values.js';
import { Output, type Unsaid } from '../output.js';
import type { ReportRow } from '../report.js';
import { noWalls, wallsSaid } from '../walls.js';
import { physicalPrefix } from './read-network.js';
import { notePrefix, quote } from './row.js';

/** Collects commands; what zonecfg cannot hold becomes a line of the report. */
class Commands extends Output {
  readonly lines: string[] = ['create -b'];

  set(name: string, value: string | number | undefined): void {
    if (value === undefined) return;
    this.try(name, () => this.lines.push(`set ${name}=${quote(String(value))}`));
  }
  /** Properties without a value are left out; `options` come one by one. */
  add(
    type: string,
    properties: Readonly<Record<string, string | number | undefined>>,
    options: readonly string[] = [],
  ): void {
    this.try(type, () => {
      const sets = Object.entries(properties).flatMap(([name, value]) =>
        value === undefined ? [] : [`set ${name}=${quote(String(value))}`],
      );
      this.lines.push(
        `add ${type}`,
        ...sets,
        ...options.map((option) => `add options ${quote(option)}`),
        'end',
      );
    });
  }
  control(name: string, limit: number | bigint, action = 'deny'): void {
    this.lines.push(
      'add rctl',
      `set name=zone.${name}`,
      `add value (priv=privileged,limit=${limit},action=${action})`,
      'end',
    );
  }
}

/** Writes the commands that make the zone. */
export function writeZonecfg(
  domain: Domain,
  facts: HostFacts & { readonly autostart?: boolean | undefined; readonly file: string },
): { text: string; report: readonly ReportRow[] } {
  const out = new Commands(facts.file);
  const notes = parametersWith(domain, `${notePrefix}set.`);
  const noted = new Set(notes.map(({ name }) => name));
  writeGlobals(domain, facts.autostart === true, noted, out);
  const isExclusive = needsOwnStack(domain);
  out.set('ip-type', isExclusive ? 'exclusive' : 'shared');
  for (const { name, value } of notes) if (isSafe(name, value)) out.lines.push(`set ${name}=${value}`);
  writeFilesystems(domain, out);
  writeNetwork(domain, isExclusive, out);
  writeDevices(domain, out);
  writeLimits(domain, facts, out);
  writeAttributes(domain, out);
  for (const { name, value } of parametersWith(domain, `${notePrefix}add.`))
    if (isSafeResource(name, value)) out.lines.push(...value.split('\n'));
  reportRest(domain, noted, out);
  return { text: `${out.lines.join('\n')}\n`, report: out.report.rows() };
}

const isSafe = (name: string, value: string): boolean =>
  /^[a-z0-9-]{1,40}$/.test(name) && !/[\n\r\0;]/.test(value);
/** Only the commands of one resource are replayed. */
function isSafeResource(type: string, value: string): boolean {
  const lines = value.split('\n');
  return (
    lines[0] === `add ${type}` &&
    lines.at(-1) === 'end' &&
    lines.slice(1, -1).every((line) => /^(set [a-z-]+=|add [a-z-]+ )[^\0]*$/.test(line))
  );
}

function writeGlobals(domain: Domain, autostart: boolean, noted: ReadonlySet<string>, out: Commands): void {
  const root = rootOf(domain);
  const path = root?.type === 'mount' ? /^(\/.+)\/root$/.exec(root.source.dir)?.[1] : undefined;
  if (path === undefined)
    out.lose('zonepath', 'the root of a zone is a directory named root below its zonepath');
  out.set('zonepath', path);
  out.set('autoboot', String(autostart));
  if (!noted.has('bootargs')) writeBootargs(domain, out);
}

function writeBootargs({ os }: Domain, out: Commands): void {
  const words = [
    ...(os.init === undefined || os.init === '/sbin/init' ? [] : ['-i', os.init]),
    ...(os.initargs ?? []),
  ];
  if (words.length === 0) return;
  if (words.some((word) => word === '' || /\s/.test(word) || word === '-m' || word === '-s'))
    out.lose('bootargs', 'an argument must not be empty nor hold a blank');
  else out.set('bootargs', words.join(' '));
}

const needsOwnStack = ({ devices }: Domain): boolean =>
  devices.interfaces?.some(({ type }) => type !== 'ethernet') === true ||
  devices.hostdevs?.some(({ type }) => type === 'net') === true;

type FsText = { readonly special: string; readonly type: string; readonly options?: readonly string[] };

/** Undefined for a type that zones have no file systems of. */
function fsText(one: Filesystem): FsText | undefined {
  switch (one.type) {
    case 'mount':
      return { special: one.source.dir, type: 'lofs' };
    case 'block':
      return { special: one.source.dev, type: 'ufs' };
    case 'ram':
      return { special: 'swap', type: 'tmpfs', options: [`size=${one.source.usageKiB}k`] };
    case 'volume':
      return { special: `${one.source.pool}/${one.source.volume}`, type: 'zfs' };
    default:
      return undefined;
  }
}

/** Types of Linux that zones have under a name of their own. */
const zoneTypes: Readonly<Record<string, string>> = { ufs: 'ufs', iso9660: 'hsfs', vfat: 'pcfs' };
const zoneType = (type: string | undefined): string | undefined =>
  type !== undefined && Object.hasOwn(zoneTypes, type) ? zoneTypes[type] : undefined;

function writeFilesystems(domain: Domain, out: Commands): void {
  const root = rootOf(domain);
  (domain.devices.filesystems ?? []).forEach((one, index) => {
    if (one.type === 'dataset' || isRoot(one)) return;
    const made = fsText(one);
    const key = `devices/filesystem[${index + 1}]`;
    if (made === undefined) {
      out.lose(key, `zones have no file systems of type ${one.type}`);
      return;
    }
    const { special, options = [], ...text } = made;
    const kept = one.type === 'block' ? zoneType(keptMount(domain, one.target?.dir ?? '').type) : undefined;
    const type = kept ?? text.type;
    const own = one.source.options?.split(',').filter((option) => option !== '') ?? [];
    out.add('fs', { dir: one.target?.dir, special, type }, [
      ...options,
      ...(one.readonly === true ? ['ro'] : []),
      ...own,
    ]);
    if (one.type === 'block' && kept === undefined)
      out.report.approximated({ file: out.file, line: 0, key }, 'as ufs: the device has another name there');
  });
  if (root?.readonly === true)
    out.lose('devices/filesystem/readonly', 'the root of a zone can be written to');
  if (
    root?.spaceHardLimitBytes !== undefined ||
    root?.spaceSoftLimitBytes !== undefined ||
    root?.quotas !== undefined
  )
    out.lose('devices/filesystem/space_hard_limit', 'set a quota on the dataset of the zone');
}

const slash = ({ address, prefix }: Ip): string => (prefix === undefined ? address : `${address}/${prefix}`);

function defaultRouter(routes: readonly Route[] | undefined, out: Commands): string | undefined {
  for (const { address } of routes ?? [])
    if (!/^(0\.0\.0\.0|::)$/.test(address))
      out.lose('devices/interface/route', `a zone has default routes only, not one to ${address}`);
  return routes?.find(({ address }) => /^(0\.0\.0\.0|::)$/.test(address))?.gateway;
}

function writeNetwork(domain: Domain, isExclusive: boolean, out: Commands): void {
  (domain.devices.interfaces ?? []).forEach((one, index) => {
    const key = `devices/interface[${index + 1}]`;
    if (isExclusive) writeOwn(one, key, out);
    else writeShared(domain, one, key, out);
  });
  for (const one of domain.devices.hostdevs ?? []) {
    if (one.type !== 'net') continue;
    const [ip] = one.ips ?? [];
    out.add('net', {
      'allowed-address': ip === undefined ? undefined : slash(ip),
      physical: one.source.interface,
      defrouter: defaultRouter(one.routes, out),
    });
  }
}

function writeShared(domain: Domain, one: Interface, key: string, out: Commands): void {
  if (one.ips === undefined) out.lose(key, 'on a shared stack an interface is its address, and it has none');
  for (const ip of one.ips ?? []) {
    const physical = parameterValue(domain, physicalPrefix + ip.address);
    if (physical === undefined) out.lose(key, `add the host's interface for ${ip.address} as "physical"`);
    out.add('net', { address: slash(ip), physical, defrouter: defaultRouter(one.routes, out) });
  }
}

function writeOwn(one: Interface, key: string, out: Commands): void {
  const nic = one.type === 'direct' ? one.source.dev : one.type === 'bridge' ? one.source.bridge : undefined;
  if (nic === undefined) {
    out.lose(key, `beside interfaces of its own a zone has none of type ${one.type}`);
    return;
  }
  const [ip] = one.ips ?? [];
  out.add('net', {
    'allowed-address': ip === undefined ? undefined : slash(ip),
    physical: one.guest?.dev,
    defrouter: defaultRouter(one.routes, out),
    'global-nic': nic,
    'mac-addr': one.mac?.address,
    'vlan-id': one.vlan?.tags?.[0]?.id,
  });
}

function writeDevices(domain: Domain, out: Commands): void {
  for (const one of domain.devices.hostdevs ?? []) {
    if (one.type === 'misc') out.add('device', { match: one.source.char });
    if (one.type === 'storage') out.add('device', { match: one.source.block });
    if (one.type === 'usb') out.lose('devices/hostdev', 'zones have no USB devices by vendor or address');
  }
}

/** Beancounters that are controls; pages become bytes. */
const controlKeys: readonly (readonly [key: string, control: string, pages: boolean])[] = [
  ['NUMPROC', 'max-lwps', false],
  ['PRIVVMPAGES', 'max-swap', true],
  ['LOCKEDPAGES', 'max-locked-memory', true],
  ['SHMPAGES', 'max-shm-memory', true],
];

function writeLimits(domain: Domain, { pageSize }: HostFacts, out: Commands): void {
  const kib = memoryLimitKiB(domain);
  if (kib !== undefined) out.add('capped-memory', { physical: `${kib}K` });
  const { shares } = domain.cputune ?? {};
  const { quotaUs, periodUs } = processorTimeOf(domain);
  if (shares !== undefined) out.control('cpu-shares', Math.max(1, Math.round(shares / 1024)), 'none');
  if (quotaUs > 0) out.control('cpu-cap', Math.max(1, Math.round((quotaUs * 100) / periodUs)));
  for (const [key, name, pages] of controlKeys) {
    const ubc = ubcOf(domain, key);
    if (ubc !== undefined && ubc.limit < unlimited)
      out.control(name, ubc.limit * BigInt(pages ? pageSize : 1));
  }
}

function writeAttributes({ description, hostname, dns, devices }: Domain, out: Commands): void {
  const text = (name: string, value: string | undefined): void => {
    if (value !== undefined) out.add('attr', { name, type: 'string', value: value.replace(/[\r\n]+/g, ' ') });
  };
  text('comment', description);
  text('hostname', hostname);
  text('resolvers', dns?.nameservers?.map(({ address }) => address).join(','));
  text('dns-domain', dns?.searches?.[0]?.domain);
  for (const one of devices.filesystems ?? [])
    if (one.type === 'dataset') out.add('dataset', { name: one.source.name });
}

const unsaid: Unsaid = {
  uuid: 'an export has none',
  title: 'there is no place for it',
  idmap: 'zones share the ids of the host',
  profile: 'its values are written, its name is not',
  blkiotune: 'zones have no such limits',
  numatune: 'bind the zone to a pool',
  seclabels: 'zones have none',
};

function reportRest(domain: Domain, noted: ReadonlySet<string>, out: Commands): void {
  out.loseParts(domain, unsaid);
  for (const key of wallsSaid(domain)) out.lose(key, noWalls);
  if (domain.os.initenvs !== undefined) out.lose('os/initenv', 'a zone starts its init without variables');
  if (domain.features?.capabilities !== undefined && !noted.has('limitpriv'))
    out.lose('features/capabilities', 'privileges are finer: set limitpriv');
  const written = new Set(controlKeys.map(([key]) => key));
  for (const { name } of domain.beancounters ?? [])
    if (!name.startsWith(notePrefix) && !isMountNote(name) && !written.has(name.toUpperCase()))
      out.lose(name, 'there is no such control');
}
