// A domain written as a guest's folder of Linux-VServer.
// SPDX-License-Identifier: Apache-2.0

import { type Domain, type Filesystem, isRoot } from '@ctvirt/xml';
import { parametersWith, parameterValue, ubcOf } from '../beancounters.js';
import { capabilityStates, rootOf } from '../edit.js';
import type { FileEntry, FileSet } from '../files.js';
import type { HostFacts } from '../format.js';
import { fstabField, isMountNote, keptMount } from '../fstab.js';
import { inFull } from '../numbers.js';
import { unlimited } from '../openvz/values.js';
import { Output, type Unsaid } from '../output.js';
import type { ReportRow } from '../report.js';
import { resourcesOf } from '../resources/resources-of.js';
import { noWalls, wallsSaid } from '../walls.js';
import { insecureCapabilities } from './capabilities.js';
import { notePrefix } from './read.js';
import { deviceFolder, lentName } from './read-devices.js';
import { addressFolder, linkFolder } from './read-network.js';

/** Collects files below the guest's folder; the first word on a path counts. */
class Folder extends Output {
  readonly files = new Map<string, FileEntry>();

  constructor(readonly name: string) {
    super(name);
  }

  put(path: string, value: string | number | undefined): void {
    if (value === undefined) return;
    if (/[\n\r\0]/.test(String(value))) this.lose(path, 'a value is one line');
    else this.lines(path, [typeof value === 'number' ? inFull(value) : value]);
  }
  lines(path: string, lines: readonly string[]): void {
    if (lines.length > 0) this.raw(path, { text: `${lines.join('\n')}\n` });
  }
  raw(path: string, entry: FileEntry): void {
    const full = `${this.name}/${path}`;
    if (!this.files.has(full)) this.files.set(full, entry);
  }
  has(path: string): boolean {
    return this.files.has(`${this.name}/${path}`);
  }
}

/** Writes the folder, named as the guest. */
export function writeVserver(
  domain: Domain,
  facts: HostFacts & { readonly autostart?: boolean | undefined },
): { files: FileSet; report: readonly ReportRow[] } {
  const out = new Folder(domain.name.replace(/[/\0]|^\.+/g, '_'));
  writeNotes(domain, out);
  out.put('name', domain.name);
  out.put('uts/nodename', domain.hostname ?? domain.name);
  out.raw('run', { link: `/var/run/vservers/${out.name}` });
  out.raw('cache', { link: `/etc/vservers/.defaults/cachebase/${out.name}` });
  if (facts.autostart === true) out.put('apps/init/mark', 'default');
  if (domain.os.type.arch === 'i686') out.put('personality', 'linux32');
  writeInit(domain, out);
  writeFilesystems(domain, out);
  writeCapabilities(domain, out);
  writeLimits(domain, facts, out);
  writeNetwork(domain, out);
  writeDevices(domain, out);
  if (domain.onReboot === 'restart') out.put('apps/vshelper/action', 'restart');
  if (domain.onReboot === 'destroy') out.raw('apps/vshelper/disabled', { text: '' });
  reportRest(domain, out);
  return { files: out.files, report: out.report.rows() };
}

/** Entries that reading kept whole, given back. */
function writeNotes(domain: Domain, out: Folder): void {
  for (const { name, value } of parametersWith(domain, notePrefix)) {
    if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) continue;
    if (value === 'flag') out.raw(name, { text: '' });
    else if (value.startsWith('link:')) out.raw(name, { link: value.slice('link:'.length) });
    else if (value.startsWith('text:')) out.raw(name, { text: value.slice('text:'.length) });
  }
}

function writeInit({ os }: Domain, out: Folder): void {
  const command = [os.init ?? '/sbin/init', ...(os.initargs ?? [])];
  if (command.length === 1 && command[0] === '/sbin/init') out.put('apps/init/style', 'plain');
  else if (
    command.some(
      (word) => /[\n\r\0]/.test(word) || word.trim() !== word || word === '' || word.startsWith('#'),
    )
  )
    out.lose('os/initarg', 'an argument is one line, and no comment');
  else out.lines('apps/init/cmd.start', command);
  const variables = (os.initenvs ?? []).map(({ name, value }) => `${name}=${value}`);
  out.lines(
    'apps/init/environment',
    variables.filter((line) => !/[\n\r\0]/.test(line) && line.trim() === line),
  );
}

type Line = readonly [source: string, type: string, options: readonly string[]];

/** Undefined for a type that vservers have no lines of. */
function lineOf(one: Filesystem): Line | undefined {
  const ro = one.readonly === true ? ['ro'] : [];
  switch (one.type) {
    case 'mount':
      return [one.source.dir, 'none', ['bind', ...ro]];
    case 'block':
      return [one.source.dev, 'ext4', ro];
    case 'ram':
      return ['none', 'tmpfs', [`size=${one.source.usageKiB}k`, ...ro]];
    default:
      return undefined;
  }
}

const basicLines = ['none\t/proc\tproc\tdefaults\t0 0', 'none\t/dev/pts\tdevpts\tgid=5,mode=620\t0 0'];

function fstabLine(domain: Domain, one: Filesystem): string | undefined {
  const line = lineOf(one);
  if (line === undefined) return undefined;
  const [source, type, own] = line;
  const more = one.source.options?.split(',').filter((option) => option !== '') ?? [];
  const kept = keptMount(domain, one.target?.dir ?? '/');
  // Words that only liblxc knows mean nothing here.
  const words = kept.words.filter((word) => word === 'rbind');
  const options = [...own.filter((word) => word !== 'bind' || words.length === 0), ...words, ...more];
  if (!options.includes('nodev')) options.push('dev');
  const typeHere = one.type === 'block' ? (kept.type ?? type) : type;
  return `${[source, one.target?.dir ?? '/', typeHere, options.join(',')].map(fstabField).join('\t')}\t0 0`;
}

function writeFilesystems(domain: Domain, out: Folder): void {
  const root = rootOf(domain);
  const written = [...basicLines];
  if (root?.type === 'mount') out.raw('vdir', { link: root.source.dir });
  else if (root?.type !== 'block')
    out.lose('devices/filesystem[1]', 'the root must be a directory or a device here');
  (domain.devices.filesystems ?? []).forEach((one, index) => {
    if (isRoot(one) && one.type !== 'block') return;
    const line = fstabLine(domain, one);
    const key = `devices/filesystem[${index + 1}]`;
    if (line === undefined) out.lose(key, `fstab has no mounts of type ${one.type}`);
    else written.push(line);
    if (one.type === 'block' && keptMount(domain, one.target?.dir ?? '/').type === undefined)
      out.report.approximated(
        { file: out.name, line: 0, key },
        'as ext4: fstab must be told the type of a file system',
      );
  });
  out.lines('fstab', written);
  writeDiskLimit(root, out);
}

function writeDiskLimit(root: Filesystem | undefined, out: Folder): void {
  const inodes = root?.quotas?.find(
    (quota) => quota.type === 'inodes' && quota.uid === undefined && quota.gid === undefined,
  );
  const space = root?.spaceHardLimitBytes;
  if (root?.type !== 'mount' || (space === undefined && inodes === undefined)) return;
  out.put('dlimits/0/directory', root.source.dir);
  out.put('dlimits/0/space_total', space === undefined ? 'inf' : Math.floor(space / 1024));
  out.put('dlimits/0/inodes_total', inodes?.type === 'inodes' ? inodes.max : 'inf');
  out.put('dlimits/0/reserved', 0);
  if (!out.files.has(`${out.name}/context`))
    out.lose(
      'devices/filesystem/space_hard_limit',
      'a disk limit needs a context number: choose one in the file context',
    );
  const owned = root.quotas?.some(({ uid, gid }) => uid !== undefined || gid !== undefined) === true;
  if (owned) out.lose('devices/filesystem/quota', 'limits of users and groups stand in their quota files');
}

function writeCapabilities(domain: Domain, out: Folder): void {
  for (const key of wallsSaid(domain)) out.lose(key, noWalls);
  const { capabilities } = domain.features ?? {};
  if (capabilities === undefined) return;
  const insecure = new Set<string>(insecureCapabilities);
  const lent = new Set(parameterValue(domain, lentName)?.split(' '));
  for (const word of lent)
    if (capabilityStates(domain).some(([name, state]) => name === word && state === 'off'))
      out.lose('ccapabilities', `what is kept there allows part of ${word}, which is off by now`);
  const changed = capabilityStates(domain).flatMap(([word, state]) => {
    // The finer flags that it stood for come back by themselves.
    if (state === 'on') return insecure.has(word) && !lent.has(word) ? [word.toUpperCase()] : [];
    return insecure.has(word) ? [] : [`~${word.toUpperCase()}`];
  });
  out.lines('bcapabilities', changed);
  if (capabilities.policy !== 'default')
    out.lose('features/capabilities', `there is no policy ${capabilities.policy} here`);
}

const rlimitFiles: readonly (readonly [string, string])[] = [
  ['NUMPROC', 'nproc'],
  ['LOCKEDPAGES', 'memlock'],
  ['SHMPAGES', 'shmem'],
  ['NUMFILE', 'openfd'],
  ['NUMFLOCK', 'locks'],
  ['PRIVVMPAGES', 'as'],
];

function writeLimits(domain: Domain, facts: HostFacts, out: Folder): void {
  const resources = resourcesOf(domain, { pageSize: facts.pageSize, hostCpus: facts.cpus });
  const { memoryMaxBytes: most, swapMaxBytes: swap } = resources;
  const groups = {
    'memory.limit_in_bytes': most,
    'memory.soft_limit_in_bytes': resources.memoryHighBytes,
    'memory.memsw.limit_in_bytes': most === undefined || swap === undefined ? undefined : most + swap,
    'cpu.shares': resources.cpuShares,
    'cpu.cfs_period_us': resources.cpuPeriodUs,
    'cpu.cfs_quota_us': resources.cpuQuotaUs,
    'cpuset.cpus': resources.cpusetCpus,
    'cpuset.mems': resources.cpusetMems,
    'blkio.weight': domain.blkiotune?.weight,
  };
  for (const [file, value] of Object.entries(groups)) out.put(`cgroup/${file}`, value);
  const least = domain.memtune?.minGuaranteeKiB;
  if (least !== undefined) out.put('rlimits/rss.min', Math.ceil((least * 1024) / facts.pageSize));
  for (const [key, file] of rlimitFiles) {
    const ubc = ubcOf(domain, key);
    if (ubc !== undefined)
      out.put(`rlimits/${file}.hard`, ubc.limit >= unlimited ? 'inf' : String(ubc.limit));
  }
}

function writeNetwork(domain: Domain, out: Folder): void {
  let pairs = 0;
  let addresses = 0;
  (domain.devices.interfaces ?? []).forEach((one, index) => {
    if (one.type === 'ethernet' && one.ips !== undefined) {
      for (const { address, prefix } of one.ips) {
        while (out.has(`${addressFolder(addresses)}/ip`)) addresses++;
        const base = addressFolder(addresses++);
        out.put(`${base}/ip`, address);
        out.put(`${base}/prefix`, prefix);
        // util-vserver asks for a device unless the host has the address already.
        if (!out.has(`${base}/dev`)) out.raw(`${base}/nodev`, { text: '' });
      }
    } else if (one.type === 'ethernet' || one.type === 'bridge') {
      while (out.has(`${linkFolder(pairs)}/type`)) pairs++;
      const base = linkFolder(pairs);
      out.put(`${base}/host`, one.target?.dev);
      out.put(`${base}/guest`, one.guest?.dev ?? `geth${pairs}`);
      pairs++;
      if (one.type === 'bridge')
        out.lose(
          `devices/interface[${index + 1}]`,
          `plug its host end into ${one.source.bridge} in a script`,
        );
    } else out.lose(`devices/interface[${index + 1}]`, `there are no interfaces of type ${one.type} here`);
  });
  if (pairs > 0 || domain.features?.privnet === true) {
    out.raw('netns/name', { text: `${out.name}\n` });
    out.raw('noncontext', { text: '' });
  }
  const shared = domain.lxcNamespace?.sharenet;
  if (shared?.type === 'name') out.put('spaces/net', shared.value);
}

function writeDevices(domain: Domain, out: Folder): void {
  let number = 0;
  (domain.devices.hostdevs ?? []).forEach((one, index) => {
    const path =
      one.type === 'misc' ? one.source.char : one.type === 'storage' ? one.source.block : undefined;
    if (path === undefined) {
      out.lose(`devices/hostdev[${index + 1}]`, `there are no devices of type ${one.type} here`);
      number++;
      return;
    }
    while (out.has(`${deviceFolder(number)}/device`)) number++;
    const base = deviceFolder(number++);
    out.put(`${base}/device`, path);
    for (const flag of ['create', 'open']) out.raw(`${base}/${flag}`, { text: '' });
  });
}

const unsaid: Unsaid = {
  uuid: 'guests have none',
  title: 'there is no place for it',
  description: 'there is no place for it',
  dns: 'the guest keeps its own resolv.conf',
  idmap: 'guests share the ids of the host',
  profile: 'its values are written, its name is not',
  seclabels: 'guests have none',
};

function reportRest(domain: Domain, out: Folder): void {
  out.loseParts(domain, unsaid);
  const written = new Set(rlimitFiles.map(([key]) => key));
  for (const { name } of domain.beancounters ?? [])
    if (
      !name.startsWith(notePrefix) &&
      name !== lentName &&
      !isMountNote(name) &&
      !written.has(name.toUpperCase())
    )
      out.lose(name, 'there is no such limit here');
}
