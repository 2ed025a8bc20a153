// A guest of Linux-VServer, a folder of small files, read to a domain.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import { emptyDomain, rootOf, rootTarget, withFilesystem, withOs } from '../edit.js';
import { baseName, type FileSet, folderOf } from '../files.js';
import type { NativeUnit, ReadOptions, ReadResult } from '../format.js';
import { filesystemOf, type MountReading, parseFstab, withMount } from '../fstab.js';
import { approximated, carried, ignored, type Outcome, settle } from '../outcome.js';
import { Report } from '../report.js';
import { notToBeHeld, variableIn } from '../variables.js';
import { readCapabilities, readDevices } from './read-devices.js';
import { type GuestContext, limitReads } from './read-limits.js';
import { networkReads } from './read-network.js';
import { GuestTree, NumberedFolders } from './tree.js';

/** Where entries without an element are kept whole, for the way back. */
export const notePrefix = 'vserver.';

type Read = (domain: Domain, context: GuestContext) => Domain;

const readNames: Read = (domain, { tree, report }) => {
  const name = tree.scalar('name');
  let result = domain;
  if (name !== undefined && name !== '')
    result = settle(result, carried({ ...result, name }, 'name'), [tree.place('name')], report);
  const nodename = tree.scalar('uts/nodename');
  if (nodename === undefined || nodename === '') return result;
  const named = nodename === result.name ? result : { ...result, hostname: nodename };
  return settle(result, carried(named, 'hostname'), [tree.place('uts/nodename')], report);
};

const defaultBase = '/vservers';

function readRoot(files: FileSet, folder: string): Read {
  return (domain, { tree, report }) => {
    const parent = folderOf(folder);
    const defaults = parent === '' ? '.defaults/vdirbase' : `${parent}/.defaults/vdirbase`;
    const base = files.get(defaults)?.link ?? defaultBase;
    const link = tree.link('vdir');
    const dir =
      link === undefined || link === ''
        ? `${base}/${domain.name}`
        : link.replace(/^.*\/\.defaults\/vdirbase(?=\/|$)/, base);
    const path = dir.startsWith('/') ? dir : `/${dir}`;
    const result = withFilesystem(domain, { type: 'mount', source: { dir: path }, ...rootTarget });
    const places = link === undefined ? [] : [tree.place('vdir')];
    return settle(domain, carried(result, 'source of the root'), places, report);
  };
}

/** util-vserver mounts nodev unless it is told otherwise. */
const guarded = (options: readonly string[]): string[] =>
  options.includes('dev')
    ? options.filter((option) => option !== 'dev')
    : [...new Set([...options, 'nodev'])];

const readFstab =
  (path: string): Read =>
  (domain, { tree, report }) => {
    let result = domain;
    for (const { text, line } of tree.list(path)) {
      const place = tree.place(path, line);
      const entry = parseFstab(text);
      const found =
        entry === undefined
          ? { why: 'it has no source, target and type' }
          : filesystemOf({ ...entry, options: guarded(entry.options) });
      result = settle(result, mountOutcome(result, found), [place], report);
    }
    return result;
  };

type Mount = Extract<MountReading, { why?: undefined }>;

function mountOutcome(
  domain: Domain,
  found: MountReading | { filesystem?: undefined; why: string },
): Outcome {
  if (found.filesystem === undefined)
    return found.why.endsWith('by the runtime') ? carried(domain, found.why) : ignored(found.why);
  const result = placeFilesystem(domain, found);
  if (result === domain) return ignored(`${found.filesystem.target?.dir ?? 'it'} has a file system already`);
  return found.loss === undefined
    ? carried(result, `filesystem of type ${found.filesystem.type}`)
    : approximated(result, found.loss);
}

/** An entry for `/` is what the root is made of; of two for one place the first counts. */
function placeFilesystem(domain: Domain, found: Mount): Domain {
  const filesystems = domain.devices.filesystems ?? [];
  const { type, target } = found.filesystem;
  if (target?.dir === '/' && type === 'block') {
    const others = filesystems.filter((one) => one !== rootOf(domain));
    return withMount({ ...domain, devices: { ...domain.devices, filesystems: others } }, found);
  }
  return filesystems.some((one) => one.target?.dir === target?.dir) ? domain : withMount(domain, found);
}

const readInit: Read = (domain, { tree, report }) => {
  const style = tree.scalar('apps/init/style');
  const command = tree.list('apps/init/cmd.start').map(({ text }) => text);
  let result = domain;
  if (style !== undefined || command.length === 0) {
    const place = tree.place('apps/init/style');
    if (style === 'plain') report.carried(place, 'init is /sbin/init');
    else if (style !== undefined)
      report.approximated(place, `style ${style} runs the scripts of a runlevel: here /sbin/init is started`);
  }
  const [init, ...initargs] = command;
  if (init !== undefined)
    result = settle(
      result,
      carried(withOs(result, { init, ...(initargs.length === 0 ? {} : { initargs }) }), 'init and initarg'),
      [tree.place('apps/init/cmd.start')],
      report,
    );
  for (const { text, line } of tree.list('apps/init/environment')) {
    const variable = variableIn(text);
    const place = tree.place('apps/init/environment', line);
    if (variable === 'no name') report.ignored(place, 'it has no "="');
    else if (variable === 'not to be held') report.ignored(place, notToBeHeld);
    else {
      const initenvs = [...(result.os.initenvs ?? []), variable];
      result = settle(result, carried(withOs(result, { initenvs }), 'initenv'), [place], report);
    }
  }
  return result;
};

const readPersonality: Read = (domain, { tree, report }) => {
  const [type] = tree.list('personality');
  if (type === undefined) return domain;
  const place = tree.place('personality', type.line);
  if (!/^linux32$/i.test(type.text))
    return settle(domain, ignored(`personality ${type.text} has no element`), [place], report);
  return settle(
    domain,
    carried(withOs(domain, { type: { ...domain.os.type, arch: 'i686' } }), 'arch'),
    [place],
    report,
  );
};

const readReboot: Read = (domain, { tree, report }) => {
  if (tree.has('apps/vshelper/disabled')) {
    const place = tree.place('apps/vshelper/disabled');
    return settle(domain, carried({ ...domain, onReboot: 'destroy' }, 'on_reboot'), [place], report);
  }
  const action = tree.scalar('apps/vshelper/action');
  if (action === undefined) return domain;
  const onReboot = action === 'restart' ? ('restart' as const) : ('destroy' as const);
  return settle(
    domain,
    carried({ ...domain, onReboot }, 'on_reboot'),
    [tree.place('apps/vshelper/action')],
    report,
  );
};

/** Why an entry has no element; the first pattern that fits. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^scripts\//, 'scripts are kept and never run'],
  [/^(run|cache|run\.rev)$/, 'it is state of the host, not configuration'],
  [/^(context|ncontext|tag)$/, 'context numbers have no meaning outside of Linux-VServer'],
  [/^(cflags|flags|nflags|ccapabilities|ncapabilities)$/, 'what is left of these flags has no element'],
  [/^ulimits\//, 'no element holds limits of single processes'],
  [/^rlimits\//, 'no element holds this limit'],
  [/^fstab\.remote$/, 'mount it on the host and bind it into the container'],
  [/^uts\//, 'only the host name can be set'],
  [/^(nice|ionice|badness)/, 'no element holds priorities of processes'],
  [/^apps\/vunify\//, 'templates share files by themselves'],
];

/** Files whose remains are kept even though they were read in part. */
const keptWhole = ['cflags', 'ccapabilities', 'ncapabilities', 'cgroup/name', 'cpuset/name'];

function keepRest(
  domain: Domain,
  files: FileSet,
  folder: string,
  { tree, report, folders }: GuestContext,
): Domain {
  let result = domain;
  const rest = new Set([
    ...tree.unseen(),
    ...tree.paths().filter((path) => folders.isKept(path)),
    ...keptWhole.filter((path) => files.has(`${folder}/${path}`)),
  ]);
  for (const path of rest) {
    const entry = files.get(`${folder}/${path}`);
    if (entry === undefined) continue;
    const text =
      entry.link === undefined ? (entry.text === '' ? 'flag' : `text:${entry.text}`) : `link:${entry.link}`;
    result = withAnother(result, notePrefix + folders.nameOf(path), text);
    const why = reasons.find(([pattern]) => pattern.test(path))?.[1] ?? 'no element holds it; kept whole';
    if (!report.hasFile(tree.place(path).file)) report.ignored(tree.place(path), why);
  }
  for (const path of tree.paths())
    if (!report.hasFile(tree.place(path).file))
      report.carried(tree.place(path), 'read together with its neighbours');
  return result;
}

/** Reads one guest. */
export function readVserver(files: FileSet, unit: NativeUnit, host: ReadOptions): ReadResult {
  const report = new Report(host.careful);
  const tree = new GuestTree(files, unit.path);
  const context: GuestContext = { tree, host, report, folders: new NumberedFolders() };
  const reads: readonly Read[] = [
    readNames,
    readRoot(files, unit.path),
    readFstab('fstab'),
    readFstab('fstab.local'),
    readInit,
    readPersonality,
    readCapabilities,
    readDevices,
    readReboot,
    ...limitReads,
    ...networkReads,
  ];
  let domain = emptyDomain('vserver', unit.name);
  for (const read of reads) domain = read(domain, context);
  const mark = tree.scalar('apps/init/mark');
  if (mark !== undefined) report.carried(tree.place('apps/init/mark'), 'autostart');
  domain = keepRest(domain, files, unit.path, context);
  return { domain, autostart: mark !== undefined && mark !== '', report: report.rows() };
}

/** What only a guest's folder has. */
/** Entries by which a guest's folder is known. */
export const guestMarks = [
  'vdir',
  'context',
  'uts/nodename',
  'apps/init/style',
  'bcapabilities',
  'cflags',
] as const;
const marks = new RegExp(`/(${guestMarks.join('|')})$`);

/** Folders with entries of a guest; hidden ones hold the defaults. */
export function detectVserver(files: FileSet): NativeUnit[] {
  const folders = new Set<string>();
  for (const path of files.keys()) {
    const found = marks.exec(path);
    if (found === null) continue;
    const folder = path.slice(0, found.index);
    if (folder !== '' && !/(^|\/)\.[^/]+(\/|$)/.test(folder)) folders.add(folder);
  }
  return [...folders].sort().map((path) => ({ name: baseName(path), path }));
}
