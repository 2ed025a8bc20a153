// Counts tests by the reports of whoever runs them, and keeps what failed and which files took longest.
// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';

/** @typedef {import('./vm/machine.mjs').Report} Report */

export class Tally {
  passed = 0;
  failed = 0;
  isVerbose = false;
  /** How many seconds each file took. @type {Map<string, number>} */
  #files = new Map();

  /** @param {(text: string) => void} [say] */
  constructor(say = (text) => process.stderr.write(text)) {
    this.say = say;
  }

  get text() {
    return `${this.passed} passed, ${this.failed} failed`;
  }

  /** The files to begin with when time is short, in one line. */
  get longest() {
    const names = [...this.#files].sort(([, a], [, b]) => b - a).slice(0, 10);
    return names.map(([file, seconds]) => `${basename(file, '.js')} ${Math.round(seconds)} s`).join(', ');
  }

  /**
   * Takes the reports of a part; what failed of it is in `failures`.
   *
   * @param {readonly string[]} [files]
   */
  part(files = []) {
    /** @type {string[]} */
    const failures = [];
    let last = '';
    /** @param {Report} report */
    const count = ({ kind, name, file, skip, seconds, text }) => {
      if (kind === 'start' || kind === 'pass' || kind === 'fail') last = name;
      if (kind === 'file') this.#files.set(name, seconds ?? 0);
      if (kind !== 'pass' && kind !== 'fail') return;
      // A file is reported too where it has no test, or failed by itself.
      if (kind === 'pass' && files.includes(name)) return;
      if (skip !== undefined) this.say(`\nskipped: ${name}${typeof skip === 'string' ? `: ${skip}` : ''}\n`);
      if (kind === 'pass') this.passed++;
      else {
        this.failed++;
        failures.push(`  ✗ ${name}\n${text}`);
        this.say(`\n✗ ${name}${file === undefined ? '' : ` (${file})`}\n`);
      }
      if (this.isVerbose) this.say(`  ${kind} ${(seconds ?? 0).toFixed(1)} s  ${name}\n`);
    };
    /** Where it is: how many of all parts have passed and failed, and this one's test of the moment. */
    const progress = () => `${this.text} · ${last}`;
    return { failures, count, progress };
  }
}
