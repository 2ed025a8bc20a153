// `npm run house`: figures of the code base and what they should come to; --where names the places, --json is for programs.
// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { figures } from './house/figures.mjs';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, where: { type: 'boolean', default: false } },
});
const rows = figures();
if (values.json) console.log(JSON.stringify(rows, null, 2));
else
  for (const { name, now, goal, isMet, where } of rows) {
    console.log(`${isMet ? '✓' : '·'} ${name.padEnd(38)} ${String(now).padStart(12)}   ${goal}`);
    if (values.where) for (const place of where) console.log(`    ${place}`);
  }
