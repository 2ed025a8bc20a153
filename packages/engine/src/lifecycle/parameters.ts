// Resource parameters by OpenVZ's names: an edit of the document like any other.
// SPDX-License-Identifier: Apache-2.0
import {
  FormatError,
  type OwnerValues,
  type ResourceRow,
  setOwnerQuota,
  setParameters,
  settableParameter,
} from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import type { ProcessDefaults } from '../cgroups/processes.js';
import { EngineError } from '../errors.js';
import type { HostFacts } from './document.js';
import type { Edit } from './edit.js';

/** Sets values in vzctl's spelling; the edit throws `invalid` for those that cannot be. */
export const parameterEdit = (values: Readonly<Record<string, string>>, facts: HostFacts): Edit =>
  refusing((domain) => setParameters(domain, values, facts));

/** Of all rows those whose values were set. */
export function rowsOf(
  values: Readonly<Record<string, string>>,
  rows: readonly ResourceRow[],
): readonly ResourceRow[] {
  const keys = new Set(Object.keys(values).map((name) => settableParameter(name)?.key));
  return rows.filter(({ key }) => keys.has(key));
}

/** How OpenVZ's own files write that there is no limit. */
const noLimit = /unlimited|\b(?:9223372036854775807|2147483647)\b/;

/** Remarks on values that were set as numbers and are beyond all that is counted, which is no limit at all. */
export function beyondCounting(
  values: Readonly<Record<string, string>>,
  rows: readonly Pick<ResourceRow, 'key' | 'value'>[],
): string[] {
  const unlimited = new Set(rows.filter(({ value }) => value.endsWith('unlimited')).map(({ key }) => key));
  return Object.entries(values)
    .filter(([name, value]) => unlimited.has(settableParameter(name)?.key ?? '') && !noLimit.test(value))
    .map(([name, value]) => `${name} '${value}' is more than can be counted, and limits nothing`);
}

/** The rows with one for the processes that a domain has by default, where its document says nothing of them. */
export function withDefaultRow(
  rows: readonly ResourceRow[],
  defaults: () => ProcessDefaults,
): readonly ResourceRow[] {
  if (rows.some(({ key }) => key === 'NUMPROC')) return rows;
  const { each, together } = defaults();
  const how = `default: pids.max, 15 % of what the host can have; all domains together have 80 %, ${together}`;
  return [...rows, { key: 'NUMPROC', value: `${each}:${each}`, status: 'enforced', how }];
}

/** Sets limits of one user or group; the edit throws `invalid` for those that cannot be. */
export const ownerEdit = (values: OwnerValues): Edit => refusing((domain) => setOwnerQuota(domain, values));

const refusing =
  (edit: (domain: Domain) => Domain): Edit =>
  (domain) => {
    try {
      return edit(domain);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new EngineError('invalid', cause.message, { ...cause.at }, { cause });
    }
  };
