// One key of OpenVZ: how it is written, what it means there, its way into a domain and back, and what becomes of it here.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { beancounterOf, isHeld, ubcOf, ubcOutcome, withUbc, withValue } from '../beancounters.js';
import { tooMuch } from '../numbers.js';
import { approximated, carried, ignored, type Outcome } from '../outcome.js';
import type { NumberField, ResourceStatus } from '../resources/resources.js';
import { type Ctid, formatUbc, parseUbc, type UbcUnit } from './values.js';

/** How a parameter's value is written; openvz/values.ts reads each. */
export type Syntax =
  | 'ubc'
  | 'disk'
  | 'ulong'
  | 'rate'
  | 'float'
  | 'bool'
  | 'list'
  | 'path'
  | 'bitmap'
  | 'cpulimit'
  | 'meminfo'
  | 'netif'
  | 'switches'
  | 'text'
  | 'word';

/** What a parameter's numbers count. */
export type Unit = 'pages' | 'bytes' | 'count' | 'KiB' | 'inodes' | 'seconds' | 'percent' | 'bytes/s' | '1/s';

/** OpenVZ's own grouping: what one sizes, what follows from it, what isolates. */
export type UbcClass = 'primary' | 'secondary' | 'auxiliary';

/** What a key given twice in one file means: the first counts, the last counts, or all are joined. */
export type Duplicates = 'first' | 'last' | 'all';

/** How barrier and limit must relate; `guarantee` is barrier with an unlimited limit, `total` a limit with barrier 0. */
export type Bounds = 'equal' | 'ordered' | 'guarantee' | 'total';

/** What a parameter is of; `host` is no container's, `later` only OpenVZ 7 has. */
export type Group =
  | 'beancounter'
  | 'memory'
  | 'cpu'
  | 'disk'
  | 'identity'
  | 'network'
  | 'device'
  | 'host'
  | 'later';

/** What reading knows besides the value. */
export interface ReadContext {
  readonly pageSize: number;
  readonly cpus: number;
  readonly ctid: Ctid | undefined;
  /** All values in effect, by key. */
  readonly values: ReadonlyMap<string, string>;
  /** VSwap: PHYSPAGES limits memory; otherwise PRIVVMPAGES does. */
  readonly vswap: boolean;
  /** Where the root comes from: the template it was made from, or the private area as it lies there. */
  readonly root: 'template' | 'private';
  /** Whether the values were asked for by somebody who can be told no: nothing is lowered then to what fits. */
  readonly isAsked?: true;
}

/** What writing knows besides the domain. */
export interface WriteContext {
  readonly pageSize: number;
  readonly cpus: number;
  readonly ctid: Ctid;
  readonly vswap: boolean;
}

/** A key's way into a domain and back. */
export interface TwoWay {
  /** The value has the syntax of its key; it is undefined to read a key that needs the domain's silence. */
  read(domain: Domain, value: string, context: ReadContext): Outcome;
  /** Undefined: the domain says nothing of it. */
  write(domain: Domain, context: WriteContext): string | undefined;
}

/** One key of OpenVZ: the row that reading, writing, checking and the reference page go by. */
export interface Parameter extends TwoWay {
  readonly key: string;
  readonly group: Group;
  readonly syntax: Syntax;
  readonly unit?: Unit;
  readonly ubcClass?: UbcClass;
  readonly bounds?: Bounds;
  readonly duplicates: Duplicates;
  /** Beancounters that a classic (not VSwap) configuration must have. */
  readonly required: boolean;
  /** False for keys that a profile never overrides. */
  readonly profile: boolean;
  /** What OpenVZ makes of it. */
  readonly meaning: string;
  /** Whether it has a place of its own in a domain; what has none is kept in the metadata, and read after those. */
  readonly hasPlace: boolean;
  /** Makes the root where that is asked for; the other one is noted. Both are read first, as disk limits are the root's. */
  readonly root?: 'template' | 'private';
  /** The domain without the elements that say it; what stands in the metadata goes by itself. */
  readonly forget?: (domain: Domain, context: Pick<ReadContext, 'vswap'>) => Domain;
  /** Keys that share an element with it: said again as they were, when it is set. */
  readonly together?: readonly string[];
  /** Of a resource: how much of its meaning is kept here. */
  readonly status?: ResourceStatus;
  /** For people: where it is enforced and how that differs, or why it is not. */
  readonly how?: string;
  /** The number it sets, where it is as simple as that: from barrier or limit, pages made bytes or not. */
  readonly becomes?: readonly [field: NumberField, from: 'barrier' | 'limit', as: 'bytes' | 'plain'];
  /** OpenVZ counts it beside user memory, and a current kernel within it. */
  readonly isKernelMemory?: true;
  /** What it says to other keys as they are read, or where else it counts: it has an effect though it is kept by its name alone. */
  readonly counts?: true;
  /** What below the domain's file systems it has no effect without. */
  readonly needs?: 'a disk' | 'a disk with weights';
}

/** What a row says; all else is as usual. */
export type Definition = Pick<Parameter, 'key' | 'syntax' | 'meaning'> &
  Partial<Omit<Parameter, 'key' | 'syntax' | 'meaning' | 'group' | 'hasPlace'>>;

/** The rows of a group. */
export const inGroup = (group: Group, rows: readonly Definition[]): Parameter[] =>
  rows.map((row) => complete(group, row));

function complete(group: Group, row: Definition): Parameter {
  return {
    duplicates: 'last',
    required: group === 'beancounter',
    profile: true,
    ...keptByName(row),
    ...row,
    group,
    hasPlace: row.read !== undefined,
  };
}

/** The domain without what says this parameter: an element, or a word in the metadata. */
export function forget(domain: Domain, row: Parameter, context: Pick<ReadContext, 'vswap'>): Domain {
  const rest = row.forget?.(domain, context) ?? domain;
  const said = beancounterOf(rest, row.key);
  return said === undefined
    ? rest
    : { ...rest, beancounters: (rest.beancounters ?? []).filter((one) => one !== said) };
}

/** What explicit XML answers to a profile. */
export const ownWord = ignored('the document has its own');

/** A parameter without an element: a beancounter with barrier and limit, or a value, in the metadata. */
function keptByName({ key, syntax, unit, status, how: why, counts }: Definition): TwoWay {
  const isUbc = syntax === 'ubc';
  const hasEffect = isUbc || counts === true || status === 'enforced' || status === 'approximated';
  const idle = `kept, with no effect here${why === undefined ? '' : `: ${why}`}`;
  return {
    read(domain, value, { pageSize, isAsked }) {
      if (beancounterOf(domain, key) !== undefined) return ownWord;
      const how = `parameter ${key.toLowerCase()}`;
      if (!hasEffect) return approximated(withValue(domain, key, value), `${how}: ${idle}`);
      if (!isUbc) return carried(withValue(domain, key, value), how);
      const ubc = parseUbc(value, ubcUnit(unit), pageSize);
      if (ubc === undefined) return carried(withValue(domain, key, value), how);
      if (isAsked && !isHeld(ubc)) return ignored(tooMuch);
      if (ubc.barrier <= ubc.limit || !isHeld(ubc)) return ubcOutcome(domain, key, ubc, how);
      const lowered = withUbc(domain, key, { ...ubc, barrier: ubc.limit });
      return approximated(lowered, `${how}, its barrier lowered to its limit`);
    },
    write(domain) {
      const ubc = ubcOf(domain, key);
      return ubc === undefined ? beancounterOf(domain, key)?.value : formatUbc(ubc);
    },
  };
}

const ubcUnit = (unit: string | undefined): UbcUnit =>
  unit === 'pages' || unit === 'bytes' ? unit : 'count';
