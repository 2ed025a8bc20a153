// One key of liblxc, or a family of them, and what it sets in a domain.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import type { HostFacts } from '../format.js';
import { noted, type Outcome } from '../outcome.js';

/** Reads one setting; `rest` is what follows the family's name. */
export type LxcRead = (domain: Domain, value: string, rest: string, facts: HostFacts) => Outcome;
/** Readers by the names of their keys, without `lxc.`. */
export type LxcRows = Readonly<Record<string, LxcRead>>;

/** Where a setting without an element is noted, for the way back. */
export const notePrefix = 'lxc.';

/** Keeps a setting by its name, and says why nothing comes of it. */
export const note = (domain: Domain, name: string, value: string, why: string): Outcome =>
  noted(withAnother(domain, notePrefix + name, value), why);
