// A profile filled into a domain: what the document left open, and nothing it said.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { xmlText } from '../clean.js';
import { settle } from '../outcome.js';
import { Report, type ReportRow } from '../report.js';
import { soundly } from '../sound.js';
import { faultOf } from './check.js';
import { type ConfFile, type ConfValue, effectiveValues, parseConf } from './conf-file.js';
import { isVswap } from './memory.js';
import type { Parameter, ReadContext } from './parameter.js';
import { parameterOf, readingOrder } from './parameters.js';
import { profileFileName } from './profiles.js';

/** How a profile is filled in: what the report calls it, and facts of the host that its units need. */
export interface ApplyOptions {
  readonly profileName: string;
  readonly pageSize: number;
  /** Processors of the host: CPULIMIT="50%" and CPUMASK need them. */
  readonly hostCpus: number;
}

/** A filled document, and what became of each key of the profile. */
export interface Applied {
  readonly domain: Domain;
  readonly report: readonly ReportRow[];
}

/** Fills in a profile; explicit XML wins, and keys that belong to one container are left out. */
export function applyProfile(domain: Domain, profile: string | ConfFile, options: ApplyOptions): Applied {
  const conf = typeof profile === 'string' ? parseConf(xmlText(profile)) : profile;
  return soundly((careful) => applyValues(domain, conf, options, new Report(careful)));
}

function applyValues(domain: Domain, conf: ConfFile, options: ApplyOptions, report: Report): Applied {
  const file = profileFileName(options.profileName);
  const read = readConfValues(conf, file, report);
  const allowed = read.filter(({ parameter, value }) => {
    const may = parameter?.profile === true && parameter.group !== 'host';
    if (!may) {
      const why = parameter === undefined ? 'no parameter of OpenVZ' : 'a profile never sets it';
      report.ignored({ file, line: value.lines[0] ?? 0, key: value.key }, why);
    }
    return may;
  });
  const named = domain.profile === undefined ? { ...domain, profile: options.profileName } : domain;
  const filled = fillIn(
    named,
    allowed,
    { ...options, cpus: options.hostCpus, ctid: undefined, root: 'private' },
    report,
  );
  return { domain: filled, report: report.rows() };
}

/** A key in effect with what is known of it and the file it stands in. */
export interface ReadValue {
  readonly file: string;
  readonly value: ConfValue;
  readonly parameter: Parameter | undefined;
}

/** The values in effect; every warning and every unreadable value goes to the report. */
export function readConfValues(conf: ConfFile, file: string, report: Report): ReadValue[] {
  const { values, warnings } = effectiveValues(conf);
  for (const { line, key, message } of [...conf.warnings, ...warnings])
    report.ignored({ file, line, key: key ?? '' }, message);
  return [...values.values()].map((value) => ({ file, value, parameter: parameterOf(value.key) }));
}

/** Runs every value through its row, in the rows' order, and reports each. */
export function fillIn(
  domain: Domain,
  read: readonly ReadValue[],
  facts: Omit<ReadContext, 'values' | 'vswap'>,
  report: Report,
): Domain {
  const readable = read.filter((one) => reportFault(one, facts.pageSize, report));
  const values = new Map(readable.map(({ value }) => [value.key, value.value]));
  const context: ReadContext = { ...facts, values, vswap: isVswap(values, facts.pageSize) };
  const order = readingOrder(facts).map(({ key }) => key);
  const rank = (one: ReadValue): number => order.indexOf(one.value.key);
  const ordered = [...readable].sort((a, b) => rank(a) - rank(b));
  let result = domain;
  for (const one of ordered) {
    if (one.parameter === undefined) continue;
    const places = one.value.lines.map((line) => ({ file: one.file, line, key: one.value.key }));
    result = settle(result, one.parameter.read(result, one.value.value, context), places, report);
  }
  return result;
}

function reportFault({ file, value, parameter }: ReadValue, pageSize: number, report: Report): boolean {
  if (parameter === undefined) return true;
  const expected = faultOf(parameter, value.value, pageSize);
  if (expected === undefined) return true;
  const line = value.lines[0] ?? 0;
  report.ignored(
    { file, line, key: value.key },
    `${JSON.stringify(value.value)} cannot be read: expected ${expected}`,
  );
  return false;
}
