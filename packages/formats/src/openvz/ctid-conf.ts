// A container's own file, CTID.conf, read to a domain and written from one.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { withAnother, withValue } from '../beancounters.js';
import { xmlText } from '../clean.js';
import { emptyDomain } from '../edit.js';
import { Report, type ReportRow } from '../report.js';
import { soundly } from '../sound.js';
import { fillIn, type ReadValue, readConfValues } from './apply-profile.js';
import { editConf, isUuid, parseConf, readUuid, unwritableIn, writeUuid } from './conf-file.js';
import { hasAllocationLimit } from './memory.js';
import type { WriteContext } from './parameter.js';
import { parameterOf, parameters } from './parameters.js';
import { reportUnsaid } from './unsaid.js';
import { type Ctid, parseBool } from './values.js';

/** What reading a `CTID.conf` needs besides its text. */
export interface ReadConfOptions {
  /** The container's number, or with OpenVZ 7 its UUID: the file's name. */
  readonly ctid: Ctid;
  readonly pageSize: number;
  readonly hostCpus: number;
  /** Path for the report; `CTID.conf` when absent. */
  readonly file?: string;
  /** Text of vz.conf, whose values count where the container's own file is silent. */
  readonly vzConf?: string;
  /** Path of vz.conf for the report; `vz.conf` when absent. */
  readonly vzConfFile?: string;
  /** `template` makes the root anew from OSTEMPLATE, as libvirt's driver has it; `private` takes the area in place. */
  readonly root?: 'template' | 'private';
}

/** A `CTID.conf` read: the domain, and what became of each key. */
export interface ReadConf {
  readonly domain: Domain;
  /** Undefined when the file does not say: OpenVZ starts then what ran when the node went down. */
  readonly autostart: boolean | undefined;
  readonly report: readonly ReportRow[];
}

/** Where OpenVZ looks when neither file says. */
const defaultPrivate = '/vz/private/$VEID';
/** What a container's own file decides alone, whatever vz.conf says. */
const ownOnly = new Set(['NETFILTER', 'VE_LAYOUT']);

/** Reads any text: what cannot be used is in the report. */
export function readCtidConf(given: string, options: ReadConfOptions): ReadConf {
  const text = xmlText(given);
  return soundly((careful) => readConf(text, options, new Report(careful)));
}

function readConf(text: string, options: ReadConfOptions, report: Report): ReadConf {
  const { ctid, file = `${ctid}.conf`, root = 'template', pageSize, hostCpus } = options;
  const own = readConfValues(parseConf(text), file, report);
  const all = [...own, ...globalsFor(own, options, report)];
  const values = withDefaults(all, root);
  const start = emptyDomain('openvz', String(ctid));
  const known = values.filter(({ value, parameter }) => parameter !== undefined && value.key !== 'ONBOOT');
  const context = { pageSize, cpus: hostCpus, ctid, root };
  let domain = withUuid(fillIn(start, known, context, report), text, file, report);
  const uuid = [String(ctid), own.find(({ value }) => value.key === 'UUID')?.value.value ?? ''].find(isUuid);
  if (uuid !== undefined) domain = { uuid: uuid.toLowerCase(), ...domain };
  for (const one of values.filter(({ parameter }) => parameter === undefined))
    domain = keepUnknown(domain, one, report);
  // A container with a name keeps its number beside it.
  if (domain.name !== String(ctid)) domain = withValue(domain, 'VEID', String(ctid));
  return { domain, autostart: readAutostart(values, report), report: report.rows() };
}

function globalsFor(
  own: readonly ReadValue[],
  { vzConf, vzConfFile = 'vz.conf' }: ReadConfOptions,
  report: Report,
): ReadValue[] {
  if (vzConf === undefined) return [];
  const given = new Set(own.map(({ value }) => value.key));
  // vz.conf speaks to the host first: only what a container would inherit is of interest, and not each time reported.
  return readConfValues(parseConf(vzConf), vzConfFile, new Report()).filter(({ value, parameter }) => {
    if (parameter === undefined || parameter.group === 'host' || given.has(value.key)) return false;
    if (!ownOnly.has(value.key)) return true;
    report.ignored(
      { file: vzConfFile, line: value.lines[0] ?? 0, key: value.key },
      'only a container may set it',
    );
    return false;
  });
}

function withDefaults(values: readonly ReadValue[], root: 'template' | 'private'): readonly ReadValue[] {
  const has = (key: string): boolean => values.some(({ value }) => value.key === key && value.value !== '');
  if (has('VE_PRIVATE') || (root === 'template' && has('OSTEMPLATE'))) return values;
  const value = { key: 'VE_PRIVATE', value: defaultPrivate, lines: [] };
  return [...values, { file: 'vz.conf', value, parameter: parameterOf('VE_PRIVATE') }];
}

function withUuid(domain: Domain, text: string, file: string, report: Report): Domain {
  const found = readUuid(text);
  if (found === undefined) return domain;
  const place = { file, line: found.line, key: '#UUID:' };
  if ('malformed' in found) {
    report.ignored(place, `${JSON.stringify(found.malformed)} is no UUID`);
    return domain;
  }
  report.carried(place, 'uuid');
  return { ...domain, uuid: found.uuid };
}

function keepUnknown(domain: Domain, { file, value }: ReadValue, report: Report): Domain {
  report.ignored(
    { file, line: value.lines[0] ?? 0, key: value.key },
    'no parameter of OpenVZ; kept by its name',
  );
  return withAnother(domain, `openvz.${value.key}`, value.value);
}

function readAutostart(values: readonly ReadValue[], report: Report): boolean | undefined {
  const found = values.find(({ value }) => value.key === 'ONBOOT');
  if (found === undefined) return undefined;
  const place = { file: found.file, line: found.value.lines[0] ?? 0, key: 'ONBOOT' };
  const on = parseBool(found.value.value);
  const isDisabled = values.some(({ value }) => value.key === 'DISABLED' && parseBool(value.value) === true);
  if (on === undefined) {
    report.ignored(place, 'it is neither yes nor no');
    return undefined;
  }
  if (on && isDisabled) report.approximated(place, 'autostart off, since the container is disabled');
  else report.carried(place, `autostart ${on ? 'on' : 'off'}`);
  return on && !isDisabled;
}

/** What writing a `CTID.conf` needs besides the domain. */
export interface WriteConfOptions {
  readonly ctid: Ctid;
  readonly pageSize: number;
  readonly hostCpus: number;
  /** When absent, the domain's own. */
  readonly uuid?: string;
  /** OSTEMPLATE; when absent, the template of the domain's root. */
  readonly template?: string;
  /** ORIGIN_SAMPLE; when absent, the domain's profile. */
  readonly profile?: string;
  /** VE_ROOT and VE_PRIVATE, when they are known. */
  readonly paths?: { readonly root: string; readonly private: string };
  /** ONBOOT, when it is known. */
  readonly autostart?: boolean | undefined;
}

/** Keys that say where a container lies: kept as they are when nobody knows better. */
const placeKeys = new Set([
  'VE_ROOT',
  'VE_PRIVATE',
  'VE_LAYOUT',
  'TEMPLATE',
  'VEID',
  'LOCAL_UID',
  'LOCAL_GID',
  'ONBOOT',
]);

/** Writes CTID.conf over the text there was; comments, unknown keys and order stay. The report has what it cannot say. */
export function writeCtidConf(
  existing: string | undefined,
  domain: Domain,
  options: WriteConfOptions,
): { readonly text: string; readonly report: readonly ReportRow[] } {
  const { ctid, pageSize, hostCpus } = options;
  const report = new Report();
  const context: WriteContext = { ctid, pageSize, cpus: hostCpus, vswap: !hasAllocationLimit(domain) };
  const wanted = new Map([...valuesOf(domain, context), ...explicitValues(options)]);
  const changes = new Map<string, string | undefined>();
  for (const [key, value] of wanted) {
    const bad = value === undefined ? undefined : unwritableIn(value);
    if (bad !== undefined)
      report.ignored({ file: `${ctid}.conf`, line: 0, key }, `the file cannot hold ${bad} in a value`);
    if (value !== undefined && bad === undefined) changes.set(key, value);
    else if (!placeKeys.has(key)) changes.set(key, undefined);
  }
  reportUnsaid(domain, `${ctid}.conf`, report);
  const text = editConf(existing ?? `# Container ${ctid}\n`, changes);
  const uuid = options.uuid ?? domain.uuid;
  return { text: uuid === undefined ? text : writeUuid(text, uuid), report: report.rows() };
}

/** Every key a container may have, with the domain's word on it, in the order of a new file. */
function valuesOf(domain: Domain, context: WriteContext): Map<string, string | undefined> {
  const values = new Map<string, string | undefined>();
  for (const { key, group, ...row } of parameters)
    if (group !== 'host') values.set(key, row.write(domain, context));
  for (const { name, value } of domain.beancounters ?? []) {
    const key = name.startsWith('openvz.') ? name.slice('openvz.'.length) : undefined;
    if (key !== undefined && value !== undefined && /^[A-Za-z_]\w{0,510}$/.test(key)) values.set(key, value);
  }
  return values;
}

function explicitValues({ template, profile, paths, autostart }: WriteConfOptions): [string, string][] {
  const given: Readonly<Record<string, string | undefined>> = {
    OSTEMPLATE: template,
    ORIGIN_SAMPLE: profile,
    VE_ROOT: paths?.root,
    VE_PRIVATE: paths?.private,
    ONBOOT: autostart === undefined ? undefined : autostart ? 'yes' : 'no',
  };
  return Object.entries(given).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, value]],
  );
}
