// A zone's exported configuration read to a domain.
// SPDX-License-Identifier: Apache-2.0
import type { CapabilityName, Domain } from '@ctvirt/xml';
import { lineText } from '../clean.js';
import { emptyDomain, rootTarget, withCapabilities, withFilesystem, withOs } from '../edit.js';
import { baseName, type FileSet } from '../files.js';
import type { HostFacts, NativeUnit, ReadOptions, ReadResult } from '../format.js';
import { approximated, carried, ignored, type Outcome, settle } from '../outcome.js';
import { Report } from '../report.js';
import { controls, noLimit, zoneSize } from './controls.js';
import { parseZonecfg, type ZoneProperty, type ZoneResource } from './parse.js';
import { privilegeCapabilities } from './privileges.js';
import { readNets } from './read-network.js';
import { resourceReads } from './read-resources.js';
import { hasToken, noteProperty, noteResource, textOf, tokenWhy, withTokens } from './row.js';

type GlobalRead = (domain: Domain, text: string, facts: HostFacts, given: ZoneProperty) => Outcome;

const countOf = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);

const control =
  (name: string, size: boolean): GlobalRead =>
  (domain, text, facts) => {
    if (text === noLimit) return carried(domain, 'no limit');
    const limit = size ? zoneSize(text) : countOf(text);
    const read = controls[name];
    return limit === undefined || read === undefined
      ? ignored(`${text} is no number`)
      : read(domain, limit, facts);
  };

function readBootargs(domain: Domain, text: string, _: HostFacts, given: ZoneProperty): Outcome {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const at = words.indexOf('-i');
  const init = at < 0 ? undefined : words[at + 1];
  if (words.includes('-m') || words.includes('-s') || (at >= 0 && init === undefined))
    return noteProperty(domain, given, '-m and -s are for an init of Solaris');
  const initargs = at < 0 ? words : words.filter((_word, index) => index !== at && index !== at + 1);
  const os = { ...(init === undefined ? {} : { init }), ...(initargs.length === 0 ? {} : { initargs }) };
  return carried(withOs(domain, os), 'init and initarg');
}

function readPrivileges(domain: Domain, text: string, _: HostFacts, given: ZoneProperty): Outcome {
  const states = new Map<CapabilityName, 'on' | 'off'>();
  const unknown: string[] = [];
  for (const word of text.split(',').map((part) => part.trim().toLowerCase())) {
    if (word === '' || word === 'default' || word === 'basic' || word === 'zone') continue;
    const bare = word.replace(/^[!-]/, '').replace(/^priv_/, '');
    const found = Object.hasOwn(privilegeCapabilities, bare) ? privilegeCapabilities[bare] : undefined;
    if (found === undefined) unknown.push(word);
    for (const capability of found ?? []) states.set(capability, bare === word ? 'on' : 'off');
  }
  const kept = noteProperty(domain, given, '').domain ?? domain;
  if (states.size === 0 && unknown.length === 0) return carried(kept, 'the default set');
  if (states.size === 0) return noteProperty(domain, given, `no capability is like ${unknown.join(', ')}`);
  const result = withCapabilities(kept, 'default', states);
  const how = 'the nearest capabilities';
  return approximated(result, unknown.length === 0 ? how : `${how}, but for ${unknown.join(', ')}`);
}

const note =
  (why: string): GlobalRead =>
  (domain, _, __, given) =>
    noteProperty(domain, given, why);

const globalReads: Readonly<Record<string, GlobalRead>> = {
  zonepath: (domain, path) =>
    path.startsWith('/') && path.length > 1
      ? carried(
          withFilesystem(domain, {
            type: 'mount',
            source: { dir: `${path.replace(/\/+$/, '')}/root` },
            ...rootTarget,
          }),
          'source of the root, below root/',
        )
      : ignored(`${path} is no absolute path`),
  bootargs: readBootargs,
  limitpriv: readPrivileges,
  'cpu-shares': control('cpu-shares', false),
  'max-lwps': control('max-lwps', false),
  'max-processes': control('max-processes', false),
  'max-shm-memory': control('max-shm-memory', true),
  brand: (domain, brand, _, given) =>
    noteProperty(
      domain,
      given,
      brand === 'lx' ? 'its programs are those of Linux already' : 'its programs are not for Linux',
    ),
  pool: note('pools of processors have no element'),
  'scheduling-class': note('Linux schedules by weight'),
};

/** ip-type decides how interfaces are read; the others name or start the zone. */
const apart = new Set(['zonename', 'autoboot', 'ip-type']);
const orderOf = (name: string): number => (name === 'max-processes' ? 1 : 0);

/** Reads one zone. */
export function readZonecfg(files: FileSet, unit: NativeUnit, host: ReadOptions): ReadResult {
  const report = new Report(host.careful);
  const zone = parseZonecfg(files.get(unit.path)?.text ?? '');
  const at = (line: number, key: string) => ({ file: unit.path, line, key });
  for (const { line, text, why } of zone.faults) report.ignored(at(line, text), why);
  const global = (name: string): ZoneProperty | undefined => zone.globals.find((one) => one.name === name);
  for (const name of apart) {
    const given = global(name);
    if (given !== undefined) report.carried(at(given.line, name), apartHow[name] ?? '');
  }
  const zoneName = textOf(global('zonename')?.value) ?? unit.name;
  let domain = emptyDomain('lxc', lineText(zoneName));
  const plain = zone.globals.filter(({ name }) => !apart.has(name)).map((one) => withTokens(one, zoneName));
  for (const given of plain.sort((a, b) => orderOf(a.name) - orderOf(b.name)))
    domain = settle(domain, readGlobal(domain, given, host), [at(given.line, given.name)], report);
  const nets: ZoneResource[] = [];
  for (const given of zone.resources) {
    const properties = given.properties.map((one) => withTokens(one, zoneName));
    const resource = { ...given, properties };
    const isNet = resource.type === 'net' || resource.type === 'anet';
    if (isNet && !resource.properties.some(hasToken)) nets.push(resource);
    else domain = settle(domain, readResource(domain, resource, host), placesOf(unit.path, resource), report);
  }
  const isExclusive = textOf(global('ip-type')?.value) === 'exclusive';
  domain = readNets(domain, nets, isExclusive, (resource) => placesOf(unit.path, resource), report);
  return { domain, autostart: textOf(global('autoboot')?.value) === 'true', report: report.rows() };
}

const apartHow: Readonly<Record<string, string>> = {
  zonename: 'name',
  autoboot: 'autostart',
  'ip-type': 'kind of the interfaces',
};

function readGlobal(domain: Domain, given: ZoneProperty, host: HostFacts): Outcome {
  const text = textOf(given.value);
  const read = Object.hasOwn(globalReads, given.name) ? globalReads[given.name] : undefined;
  if (hasToken(given)) return noteProperty(domain, given, tokenWhy);
  if (text === undefined || read === undefined)
    return noteProperty(domain, given, 'no element holds it; kept by its name');
  return read(domain, text, host, given);
}

function readResource(domain: Domain, resource: ZoneResource, host: HostFacts): Outcome {
  const read = Object.hasOwn(resourceReads, resource.type) ? resourceReads[resource.type] : undefined;
  if (resource.properties.some(hasToken)) return noteResource(domain, resource, tokenWhy);
  return read === undefined
    ? noteResource(domain, resource, 'no element holds it; kept with its commands')
    : read(domain, resource, host);
}

/** Every line of a resource shares its fate. */
const placesOf = (file: string, { type, line, properties }: ZoneResource) => [
  { file, line, key: type },
  ...properties.map((one) => ({ file, line: one.line, key: `${type}.${one.name}` })),
];

const looksLikeZone = /^[ \t]*(create\b|set[ \t]+zonepath[ \t]*=)/m;

/** One file for each zone, named by it as the export names nothing. */
export function detectZonecfg(files: FileSet): NativeUnit[] {
  return [...files].flatMap(([path, { text }]) => {
    if (text === undefined || !looksLikeZone.test(text)) return [];
    const name = baseName(path).replace(/\.(cfg|conf|zonecfg|txt|export)$/, '') || 'zone';
    return [{ name, path }];
  });
}
