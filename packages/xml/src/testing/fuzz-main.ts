// Runs the fuzz target by hand: `node packages/xml/dist/testing/fuzz-main.js SECONDS [SEED]`.
// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { fuzz } from './fuzz.js';

const [seconds = 60, seed = randomInt(0x7fffffff)] = process.argv.slice(2).map(Number);
process.stdout.write(`xml: fuzzing for ${seconds} s with seed ${seed}\n`);
const { documents, accepted } = fuzz(seconds, seed);
process.stdout.write(`xml: ${documents} documents, ${accepted} of them accepted, no fault\n`);
