// Every key of OpenVZ that has a place of its own in a domain; the others are kept as parameters.
// SPDX-License-Identifier: Apache-2.0
import { beancounterOf, ubcOf, ubcOutcome, withUbc, withValue } from '../../beancounters.js';
import { approximated, carried } from '../../outcome.js';
import type { Parameter } from '../parameters.js';
import { ownWord, type ReadContext, type Row } from '../row.js';
import { formatUbc, parseUbc, type UbcUnit } from '../values.js';
import { cpuRows } from './cpu.js';
import { diskRows } from './disk.js';
import { identityRows, rootRows } from './identity.js';
import { memoryRows } from './memory.js';
import { networkRows } from './network.js';

/** In reading order: the root first, as disk limits are its. */
export function rowsFor(context: Pick<ReadContext, 'root'>): readonly Row[] {
  return [...rootRows(context), ...identityRows, ...memoryRows, ...cpuRows, ...diskRows, ...networkRows];
}

/** A parameter without an element: a beancounter with barrier and limit, or a value, in the metadata. */
export function parameterRow({ key, syntax, unit }: Parameter): Row {
  const isUbc = syntax === 'ubc';
  return {
    key,
    read(domain, value, { pageSize }) {
      if (beancounterOf(domain, key) !== undefined) return ownWord;
      const how = `parameter ${key.toLowerCase()}`;
      if (!isUbc) return carried(withValue(domain, key, value), how);
      const ubc = parseUbc(value, ubcUnit(unit), pageSize);
      if (ubc === undefined) return carried(withValue(domain, key, value), how);
      return ubc.barrier > ubc.limit
        ? approximated(
            withUbc(domain, key, { ...ubc, barrier: ubc.limit }),
            `${how}, its barrier lowered to its limit`,
          )
        : ubcOutcome(domain, key, ubc, how);
    },
    write(domain) {
      const ubc = ubcOf(domain, key);
      return ubc === undefined ? beancounterOf(domain, key)?.value : formatUbc(ubc);
    },
  };
}

const ubcUnit = (unit: string | undefined): UbcUnit =>
  unit === 'pages' || unit === 'bytes' ? unit : 'count';
