// Runs the fuzz target by hand: `node packages/rpc/dist/testing/fuzz-main.js SECONDS [SEED]`.
// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { fuzz } from './fuzz.js';

const [seconds = 60, seed = randomInt(0x7fffffff)] = process.argv.slice(2).map(Number);
process.stdout.write(`fuzzing for ${seconds} s with seed ${seed}\n`);
const { connections, calls } = await fuzz(seconds, seed);
process.stdout.write(`${connections} connections, ${calls} calls reached a handler, no fault\n`);
