// The fuzz targets of the engine: each draws cases from its corpus, and what must hold for any is checked.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { Random } from '@ctvirt/xml/testing';
import { fuzzLxcConf } from './fuzz-lxc-conf.js';
import { fuzzNetworks } from './fuzz-networks.js';
import { fuzzTar } from './fuzz-tar.js';

const targets = { tar: fuzzTar, 'lxc-conf': fuzzLxcConf, networks: fuzzNetworks } as const;
export type TargetName = keyof typeof targets;
export const isTarget = (name: string): name is TargetName => Object.hasOwn(targets, name);
export const fuzzTargets = Object.keys(targets).filter(isTarget);

/** Kept in the repository: where each run begins, and what a fault was once found with. */
function corpusOf(name: TargetName): Buffer[] {
  const folder = new URL(`../../fixtures/fuzz/${name}/`, import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(new URL(file, folder)));
}

/** How much the process may grow while it forgets each case, and how long one may take, others being busy too. */
const allowedMiB = 300;
const allowedMs = 2000;
const leastCases = 50;

/** Runs for `seconds`; throws at the first fault, with the case in base64. */
export async function runFuzz(name: TargetName, seconds: number, seed: number) {
  const random = new Random(seed);
  const corpus = corpusOf(name);
  let cases = 0;
  let accepted = 0;
  let settledBytes: number | undefined;
  for (const until = performance.now() + seconds * 1000; performance.now() < until || cases < leastCases; ) {
    const { given, check } = await targets[name](random, corpus);
    const began = performance.now();
    try {
      if (await check()) accepted++;
      const took = performance.now() - began;
      if (took > allowedMs) throw new Error(`it took ${Math.round(took)} ms`);
    } catch (cause) {
      throw new Error(
        `${name}, seed ${seed}, case ${cases}: ${String(cause)}\nbase64: ${given.toString('base64')}`,
        { cause },
      );
    }
    if (++cases % 1000 > 0) continue;
    const bytes = process.memoryUsage().rss;
    settledBytes ??= bytes;
    if (bytes - settledBytes > allowedMiB * 2 ** 20) throw new Error(`${name}: memory grows: ${bytes} bytes`);
  }
  return { cases, accepted };
}
