// What running domains were given over the last minutes: samples in rings, and what they come to.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { Delivered } from '@ctvirt/api';
import type { HostTime, Sample } from '../drivers/driver.js';

/** What a sample holds, in the order in which it lies in a ring; all but memory counts up. */
const fields = [
  'atMs',
  'cpuNs',
  'throttledNs',
  'waitedNs',
  'memoryBytes',
  'reclaims',
  'limitHits',
  'kills',
  'stalledNs',
  'hostTicks',
  'hostIdleTicks',
] as const satisfies readonly (keyof Sample)[];
type Field = (typeof fields)[number];

/** A quarter of an hour, in samples ten seconds apart or a little more. */
const MOST_SAMPLES = 90;

/** The samples of one run; the oldest make room. */
export class Ring {
  readonly #values = new Float64Array(MOST_SAMPLES * fields.length);
  #taken = 0;

  add(sample: Sample): void {
    const start = (this.#taken++ % MOST_SAMPLES) * fields.length;
    for (const [at, field] of fields.entries()) this.#values[start + at] = sample[field];
  }

  /** What it comes to since the last sample that is at least so old; undefined before there are two. */
  over(seconds: number): Delivered | undefined {
    const last = this.#taken - 1;
    const oldest = Math.max(0, this.#taken - MOST_SAMPLES);
    if (last <= oldest) return undefined;
    let first = last - 1;
    while (first > oldest && this.#at(last, 'atMs') - this.#at(first, 'atMs') < seconds * 1000) first--;
    const grown = (field: Field): number => this.#at(last, field) - this.#at(first, field);
    const tookMs = grown('atMs');
    const memory = Array.from({ length: last - first + 1 }, (_, at) => this.#at(first + at, 'memoryBytes'));
    return {
      seconds: tookMs / 1000,
      cpuShare: known(grown('cpuNs') / 1e6 / tookMs),
      throttledShare: known(grown('throttledNs') / 1e6 / tookMs),
      waitedShare: known(grown('waitedNs') / 1e6 / tookMs),
      hostIdleShare: known(grown('hostIdleTicks') / grown('hostTicks')),
      memoryBytes: known(this.#at(last, 'memoryBytes')),
      leastMemoryBytes: known(Math.min(...memory)),
      mostMemoryBytes: known(Math.max(...memory)),
      reclaims: known(grown('reclaims')),
      limitHits: known(grown('limitHits')),
      kills: known(grown('kills')),
      stalledShare: known(grown('stalledNs') / 1e6 / tookMs),
    };
  }

  #at(sample: number, field: Field): number {
    return this.#values[(sample % MOST_SAMPLES) * fields.length + fields.indexOf(field)] ?? Number.NaN;
  }
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** What all processors did since the host came up. */
export function hostTime(text = readFileSync('/proc/stat', 'latin1')): HostTime {
  const line = text.slice(0, text.indexOf('\n'));
  // user nice system idle iowait irq softirq steal; guests are within user.
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const [, , , idle = 0, waiting = 0] = ticks;
  return { hostTicks: ticks.reduce((sum, one) => sum + one, 0), hostIdleTicks: idle + waiting };
}
