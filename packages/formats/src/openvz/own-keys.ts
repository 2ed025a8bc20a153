// Keys of a container's own file, one at a time: what a domain says of each, and the domain with another word of it.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { FormatError } from '../errors.js';
import { faultOf } from './check.js';
import { hasAllocationLimit } from './memory.js';
import { forget } from './parameter.js';
import { rowOf } from './parameters.js';
import type { Ctid } from './values.js';

/** Whose file it is, and facts of the host that units need. */
export interface KeyOptions {
  readonly ctid: Ctid;
  readonly pageSize: number;
  readonly hostCpus: number;
}

/** The value that the file would have; undefined where the domain does not say. */
export function keyValue(
  domain: Domain,
  key: string,
  { ctid, pageSize, hostCpus }: KeyOptions,
): string | undefined {
  const vswap = !hasAllocationLimit(domain);
  return rowOf(key).write(domain, { ctid, pageSize, cpus: hostCpus, vswap });
}

/** The domain with this value beside those it has of the key, of which there may be several (NETIF, DEVNODES). */
export function addKey(domain: Domain, key: string, value: string, options: KeyOptions): Domain {
  const row = rowOf(key);
  const { ctid, pageSize, hostCpus: cpus } = options;
  const expected = faultOf(row, value, pageSize);
  if (expected !== undefined) throw refusal(key, value, `expected ${expected}`);
  const { domain: result, why } = row.read(domain, value, {
    ...{ ctid, pageSize, cpus, values: new Map([[key, value]]) },
    vswap: !hasAllocationLimit(domain),
    root: 'template',
    isAsked: true,
  });
  if (why !== undefined) throw refusal(key, value, why);
  return result;
}

/** The domain with this value in place of the one it has; an empty one says nothing of the key. */
export function setKey(domain: Domain, key: string, value: string, options: KeyOptions): Domain {
  const rest = forget(domain, rowOf(key), { vswap: !hasAllocationLimit(domain) });
  return value === '' ? rest : addKey(rest, key, value, options);
}

const refusal = (key: string, value: string, why: string): FormatError =>
  new FormatError('invalid', `${key.toLowerCase()} cannot be '${value}': ${why}`, { key });
