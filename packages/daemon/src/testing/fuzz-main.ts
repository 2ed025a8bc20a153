// Runs the fuzz target by hand: `node packages/daemon/dist/testing/fuzz-main.js SECONDS [SEED]`.
// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { fuzzHttp } from './fuzz.js';

const [seconds = 60, seed = randomInt(0x7fffffff)] = process.argv.slice(2).map(Number);
process.stdout.write(`http: fuzzing for ${seconds} s with seed ${seed}\n`);
const { requests, accepted } = await fuzzHttp(seconds, seed);
process.stdout.write(`http: ${requests} requests, ${accepted} of them accepted, no fault\n`);
