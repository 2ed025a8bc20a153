// The rows of a configuration in the making, with a report of what liblxc cannot be told.
// SPDX-License-Identifier: Apache-2.0
import { inFull } from '../numbers.js';
import { Output } from '../output.js';
import { lxcKeyOf } from './keys.js';
import { formatLxcConfig, type LxcRow } from './write.js';

/** Collects rows; one that liblxc would misread becomes a line of the report instead. */
export class Rows extends Output {
  readonly rows: LxcRow[] = [];
  readonly #said = new Set<string>();

  put(key: string, value: string | number | undefined): void {
    if (value === undefined) return;
    this.#said.add(key);
    const row: LxcRow = [`lxc.${key}`, typeof value === 'number' ? inFull(value) : value];
    this.try(`lxc.${key}`, () => {
      formatLxcConfig([row]);
      this.rows.push(row);
    });
  }
  /** Gives back what was kept by its name, unless the document says it by now: liblxc would take the last one. */
  keep(key: string, value: string): void {
    if (this.#said.has(key) && lxcKeyOf(key)?.repeat === 'replace')
      this.lose(`lxc.${key}`, 'the document says it too, and counts');
    else this.put(key, value);
  }
}
