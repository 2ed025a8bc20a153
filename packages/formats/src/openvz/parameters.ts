// Every parameter of OpenVZ's configuration files: the one list that readers, writers, checks and the engine share.
// SPDX-License-Identifier: Apache-2.0
import { FormatError } from '../errors.js';
import type { Parameter, ReadContext } from './parameter.js';
import { beancounterRows, memoryRows } from './rows/beancounters.js';
import { cpuRows } from './rows/cpu.js';
import { deviceRows } from './rows/devices.js';
import { diskRows } from './rows/disk.js';
import { hostRows, laterRows } from './rows/host.js';
import { identityRows } from './rows/identity.js';
import { networkRows } from './rows/network.js';

/** Every parameter, beancounters first, in the kernel's order: the order of a new file. */
export const parameters: readonly Parameter[] = [
  ...beancounterRows,
  ...memoryRows,
  ...cpuRows,
  ...diskRows,
  ...identityRows,
  ...networkRows,
  ...deviceRows,
  ...hostRows,
  ...laterRows,
];

/** Groups in the order in which they build on each other: disk limits are the root's, all else may come in any. */
const reading: readonly Parameter['group'][] = [
  'identity',
  'device',
  'beancounter',
  'cpu',
  'disk',
  'network',
];

/** In reading order: the root first, then what has a place of its own, then the rest in OpenVZ's order. */
export function readingOrder({ root }: Pick<ReadContext, 'root'>): readonly Parameter[] {
  const rank = (parameter: Parameter): number => {
    if (parameter.root !== undefined) return parameter.root === root ? 0 : 1;
    const at = reading.indexOf(parameter.group);
    return parameter.hasPlace && at >= 0 ? 2 + at : 2 + reading.length;
  };
  return [...parameters].sort((one, other) => rank(one) - rank(other));
}

const byKey = new Map(parameters.map((parameter) => [parameter.key, parameter]));

/** Older spellings, accepted on reading. */
const aliases: Readonly<Record<string, string>> = {
  DCACHE: 'DCACHESIZE',
  IPTENTRIES: 'NUMIPTENT',
  TCPSENDBUF: 'TCPSNDBUF',
};

/** The key a spelling stands for: itself, unless it is an old name. */
export function canonicalKey(key: string): string {
  return Object.hasOwn(aliases, key) ? (aliases[key] ?? key) : key;
}

/** The parameter of a key or one of its old spellings. */
export function parameterOf(key: string): Parameter | undefined {
  return byKey.get(canonicalKey(key));
}

/** The same of one that has to be there; throws FormatError `invalid` otherwise. */
export function rowOf(key: string): Parameter {
  const parameter = parameterOf(key);
  if (parameter === undefined) throw new FormatError('invalid', `there is no parameter '${key}'`, { key });
  return parameter;
}

/** The beancounters in the kernel's own order. */
export const beancounters: readonly Parameter[] = parameters.filter((p) => p.group === 'beancounter');
