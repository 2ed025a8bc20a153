// One key of OpenVZ, both ways: what it sets in a domain, what a domain sets it to.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { ignored, type Outcome } from '../outcome.js';
import type { Ctid } from './values.js';

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

export interface Row {
  readonly key: string;
  /** The value has the syntax of its key; it is undefined to read a key that needs the domain's silence. */
  read(domain: Domain, value: string, context: ReadContext): Outcome;
  /** Undefined: the domain says nothing of it. */
  write(domain: Domain, context: WriteContext): string | undefined;
}

/** What explicit XML answers to a profile. */
export const ownWord = ignored('the document has its own');
