// Runs the fuzz targets by hand: `node packages/formats/dist/testing/fuzz-main.js SECONDS [FORMAT] [SEED]`.
// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { type FormatName, formatNames, formats } from '../formats.js';
import { fuzz } from './fuzz.js';

const [seconds = '60', wanted, seed = String(randomInt(0x7fffffff))] = process.argv.slice(2);
const isName = (name: string): name is FormatName => Object.hasOwn(formats, name);
const names = (wanted === undefined ? formatNames : [wanted]).filter(isName);
for (const name of names) {
  process.stdout.write(`${name}: fuzzing for ${seconds} s with seed ${seed}\n`);
  process.stdout.write(`${name}: ${fuzz(name, Number(seconds), Number(seed))} configurations, no fault\n`);
}
