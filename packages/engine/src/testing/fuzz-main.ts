// Runs the fuzz targets by hand: `node packages/engine/dist/testing/fuzz-main.js SECONDS tar|lxc-conf|networks [SEED]`.
// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { fuzzTargets, isTarget, runFuzz } from './fuzz.js';

const [seconds = '60', wanted, seed = String(randomInt(0x7fffffff))] = process.argv.slice(2);
for (const name of wanted === undefined ? fuzzTargets : [wanted].filter(isTarget)) {
  process.stdout.write(`${name}: fuzzing for ${seconds} s with seed ${seed}\n`);
  const { cases, accepted } = await runFuzz(name, Number(seconds), Number(seed));
  process.stdout.write(`${name}: ${cases} cases, ${accepted} of them accepted, no fault\n`);
}
