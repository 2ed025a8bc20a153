// Sets parameters of a domain by OpenVZ's names, in the spelling of `vzctl set`: a new word replaces the old one.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { FormatError } from '../errors.js';
import type { ResourceOptions } from '../resources/resources-of.js';
import { resourceRuleOf } from '../resources/rules.js';
import { faultOf, inversionOf } from './check.js';
import { effectiveValues, parseConf } from './conf-file.js';
import { hasAllocationLimit, isVswap } from './memory.js';
import { forget, type Parameter, type ReadContext } from './parameter.js';
import { canonicalKey, parameterOf, readingOrder, rowOf } from './parameters.js';
import { askedDisk, formatUbc, parseUbc, unlimited } from './values.js';

/** vzctl's options that are no key of its files; they count bytes, and the files pages. */
const byteOptions: Readonly<Record<string, string>> = { RAM: 'PHYSPAGES', SWAP: 'SWAPPAGES' };

/** The resource that a name stands for, in any case: a key, an old name of one, or an option of vzctl. */
export function settableParameter(name: string): Parameter | undefined {
  const key = canonicalKey(name.toUpperCase());
  const parameter = parameterOf(byteOptions[key] ?? key);
  return parameter !== undefined && resourceRuleOf(parameter.key) !== undefined ? parameter : undefined;
}

/** What a profile says of resources, by the names of its file; `said` are the names of what is said besides, and goes before. */
export function parametersOfProfile(text: string, said: Iterable<string>): Readonly<Record<string, string>> {
  const had = new Set([...said].map((name) => settableParameter(name)?.key));
  const { values } = effectiveValues(parseConf(text));
  return Object.fromEntries(
    [...values].flatMap(([name, { value }]) => {
      const key = settableParameter(name)?.key;
      return key === undefined || had.has(key) ? [] : [[key.toLowerCase(), value]];
    }),
  );
}

/**
 * The domain with these values, by name (`numproc`: `200:220`, `ram`: `512M`). Throws FormatError `invalid` for a name that is
 * no resource, and for a value that cannot be read. Whether the whole contradicts itself is for the parser of its document to say.
 */
export function setParameters(
  domain: Domain,
  values: Readonly<Record<string, string>>,
  options: ResourceOptions,
): Domain {
  const { pageSize, hostCpus } = options;
  const asked = new Map(Object.entries(values).map(([name, value]) => readAsked(name, value, pageSize)));
  const all = withDependents(domain, asked, options);
  const context: ReadContext = {
    pageSize,
    cpus: hostCpus,
    ctid: undefined,
    root: 'template',
    isAsked: true,
    values: all,
    vswap: isVswap(all, pageSize) || (!limitsAllocation(all, pageSize) && !hasAllocationLimit(domain)),
  };
  // What one row builds on stands before it.
  const ordered = readingOrder(context).flatMap(({ key }) => {
    const value = all.get(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  let result = ordered.reduce((before, [key]) => forget(before, rowOf(key), context), domain);
  for (const [key, value] of ordered) {
    const { domain: next, why } = rowOf(key).read(result, value, context);
    if (why !== undefined)
      throw new FormatError('invalid', `${key.toLowerCase()} cannot be '${value}': ${why}`, { key });
    result = next;
  }
  return result;
}

function readAsked(name: string, value: string, pageSize: number): [key: string, value: string] {
  const parameter = settableParameter(name);
  if (parameter === undefined)
    throw new FormatError('invalid', `there is no parameter '${name}'`, { key: name });
  const text = Object.hasOwn(byteOptions, name.toUpperCase())
    ? inPages(value, pageSize)
    : parameter.syntax === 'disk'
      ? askedDisk(value)
      : value;
  const expected =
    text === undefined
      ? 'bytes, with a suffix T, G, M, K or P, or "unlimited"'
      : faultOf(parameter, text, pageSize);
  const refuse = (why: string): never => {
    throw new FormatError('invalid', `${name} cannot be '${value}': ${why}`, { key: parameter.key });
  };
  if (text === undefined || expected !== undefined) return refuse(`expected ${expected}`);
  const meant = meantBy(name, value, parameter);
  if (meant !== undefined) return refuse(meant);
  const inverted = inversionOf(parameter, text, pageSize);
  if (inverted !== undefined) return refuse(inverted);
  return [parameter.key, text];
}

const MEBIBYTE = 2 ** 20;

/** A number without a unit that is too small for anything is mostly one of mebibytes, or of gibibytes of disk. */
function meantBy(name: string, value: string, { key }: Parameter): string | undefined {
  const numbers = value.split(':');
  const isFew = (unit: number): boolean =>
    numbers.every((one) => /^\d+$/.test(one) && Number(one) > 0 && Number(one) * unit < MEBIBYTE);
  const asked = (suffix: string): string => numbers.map((one) => `${one}${suffix}`).join(':');
  if (Object.hasOwn(byteOptions, name.toUpperCase()) && isFew(1))
    return `that is in bytes; did you mean ${asked('M')}?`;
  if (key === 'DISKSPACE' && isFew(1024)) return `that is in KiB; did you mean ${asked('G')}?`;
  return undefined;
}

/** A limit in whole pages, rounded up. */
function inPages(bytes: string, pageSize: number): string | undefined {
  const limit = parseUbc(bytes, 'bytes', pageSize)?.limit;
  if (limit === undefined) return undefined;
  if (limit >= unlimited) return formatUbc({ barrier: 0n, limit });
  const size = BigInt(pageSize);
  return formatUbc({ barrier: 0n, limit: (limit + size - 1n) / size });
}

/** Whether the values limit what is allocated: PRIVVMPAGES without a limit leaves memory to PHYSPAGES. */
function limitsAllocation(values: ReadonlyMap<string, string>, pageSize: number): boolean {
  const pages = parseUbc(values.get('PRIVVMPAGES') ?? '', 'pages', pageSize);
  return pages !== undefined && pages.limit < unlimited;
}

/** Values that share an element with one that is asked for are said again as they were. */
function withDependents(
  domain: Domain,
  asked: ReadonlyMap<string, string>,
  { pageSize, hostCpus }: ResourceOptions,
): Map<string, string> {
  const all = new Map(asked);
  const context = { pageSize, cpus: hostCpus, ctid: 0, vswap: !hasAllocationLimit(domain) };
  for (const kept of [...asked.keys()].flatMap((key) => rowOf(key).together ?? [])) {
    const value = all.has(kept) ? undefined : rowOf(kept).write(domain, context);
    if (value !== undefined) all.set(kept, value);
  }
  return all;
}
