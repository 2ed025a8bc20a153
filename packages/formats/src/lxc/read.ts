// An LXC configuration read to a domain: each setting through its row, interfaces together.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { emptyDomain, withCapabilities } from '../edit.js';
import { FormatError } from '../errors.js';
import { absenceOf, baseName, type FileSet, folderOf } from '../files.js';
import { foreignIn } from '../foreign.js';
import type { NativeUnit, ReadOptions, ReadResult } from '../format.js';
import { groupRank } from '../group-files.js';
import { carried, ignored, type Outcome, settle } from '../outcome.js';
import { type Place, Report } from '../report.js';
import { readUint } from './numbers.js';
import { type LxcSetting, type LxcSkip, parseLxc } from './parse.js';
import { mountEntry, withBackend } from './read-filesystems.js';
import { readNetwork } from './read-network.js';
import { readOne } from './reads.js';

/** Settings that others build on come first. */
const first = ['arch', 'rootfs.path', 'rootfs.options'];
const rankOf = (name: string): number => {
  const at = first.indexOf(name);
  return at >= 0 ? at : first.length + groupRank(name);
};

/** Reads the configuration of one container; throws `invalid` for one that is another system's. */
export function readLxc(files: FileSet, unit: NativeUnit, host: ReadOptions): ReadResult {
  const foreign = foreignIn(files.get(unit.path)?.text ?? '');
  if (foreign !== undefined) throw new FormatError('invalid', foreign, { file: unit.path });
  const { settings: given, skipped, backend } = parseLxc(files, unit.path, host.isWhole);
  const settings = backend === undefined ? given : given.map((one) => withBackend(one, backend));
  return readSettings(unit.name, { settings, skipped, files }, host);
}

/** Settings of liblxc, wherever they stand, and what else goes into a domain before them. */
export interface GivenSettings {
  readonly settings: readonly LxcSetting[];
  readonly skipped: readonly LxcSkip[];
  readonly files: FileSet;
  readonly others?: readonly OtherSetting[];
}

/** What is no setting of liblxc. */
export interface OtherSetting {
  readonly place: Place;
  readonly read: (domain: Domain) => Outcome;
}

/** Reads each to where it says it stands. */
export function readSettings(
  name: string,
  { settings, skipped, files, others = [] }: GivenSettings,
  host: ReadOptions,
): ReadResult {
  const report = new Report(host.careful);
  for (const { why, ...place } of skipped) report.ignored(place, why);
  const uts = settings.find((one) => one.name === 'uts.name');
  // liblxc takes no capability away unless it is told to; libvirt's default would.
  const keeps = settings.some((one) => one.name === 'cap.keep');
  const start = withCapabilities(emptyDomain('lxc', name), keeps ? 'deny' : 'allow', []);
  let domain = withName(start, uts, report);
  for (const { place, read } of others) domain = settle(domain, read(domain), [place], report);
  let autostart = false;
  const nets = settings.filter((one) => one.name.startsWith('net.'));
  const handled = new Set<LxcSetting>([...nets, ...(uts === undefined ? [] : [uts])]);
  for (const setting of [...settings].sort((a, b) => rankOf(a.name) - rankOf(b.name))) {
    if (handled.has(setting)) continue;
    if (setting.name === 'start.auto') {
      const asked = readUint(setting.value, 1);
      autostart = asked === 1;
      if (asked === undefined) report.ignored(setting, `${setting.value} is neither 0 nor 1`);
      else report.carried(setting, `autostart ${autostart ? 'on' : 'off'}`);
    } else if (setting.name === 'mount.fstab') domain = readFstabFile(domain, setting, files, report, host);
    else domain = settle(domain, readOne(domain, setting, host), [setting], report);
  }
  return { domain: readNetwork(domain, nets, report), autostart, report: report.rows() };
}

function withName(domain: Domain, uts: LxcSetting | undefined, report: Report): Domain {
  if (uts === undefined) return domain;
  const same = domain.name === uts.value || domain.name === '';
  const named = same ? { ...domain, name: uts.value } : { ...domain, hostname: uts.value };
  return settle(domain, carried(named, same ? 'name' : 'hostname'), [uts], report);
}

function readFstabFile(
  domain: Domain,
  setting: LxcSetting,
  files: FileSet,
  report: Report,
  host: ReadOptions,
): Domain {
  const text = files.get(setting.value)?.text;
  if (text === undefined)
    return settle(domain, ignored(absenceOf(setting.value, host.isWhole)), [setting], report);
  let result = settle(domain, carried(domain, 'its lines, one by one'), [setting], report);
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const place = { file: setting.value, line: index + 1, key: 'mount' };
    result = settle(result, mountEntry(result, line, '', host), [place], report);
  });
  return result;
}

const isConfig = (text: string): boolean => /^[ \t]*lxc\.[a-z]/m.test(text);

/** Containers among the files: folders with a `config`, or single files that hold lxc keys. */
export function detectLxc(files: FileSet): NativeUnit[] {
  const units: NativeUnit[] = [];
  const single = files.size === 1;
  for (const [path, { text }] of files) {
    if (text === undefined) continue;
    // Taken for one all the same, so that reading it can say what it is.
    if (single && foreignIn(text) !== undefined) {
      units.push({ name: baseName(path).replace(/\.conf$/, ''), path });
      continue;
    }
    if (!isConfig(text)) continue;
    const isOwn = baseName(path) === 'config';
    if (isOwn) units.push({ name: baseName(folderOf(path)) || utsName(text) || 'unnamed', path });
    else if (single)
      units.push({ name: utsName(text) ?? baseName(path).replace(/\.(conf|config)$/, ''), path });
  }
  return units;
}

const utsName = (text: string): string | undefined =>
  /^[ \t]*lxc\.uts(?:\.?name)[ \t]*=[ \t]*(\S+)[ \t]*$/m.exec(text)?.[1];

/** What the configuration includes that is not there yet. */
export function referencesOfLxc(files: FileSet, unit: NativeUnit): string[] {
  const { settings, missing } = parseLxc(files, unit.path);
  const fstabs = settings.flatMap(({ name, value }) =>
    name === 'mount.fstab' && !files.has(value) ? [value] : [],
  );
  return [...new Set([...missing, ...fstabs])];
}
