// `npm run bench:xml [-- ROW … --json]`: measures @ctvirt/xml and `ctvirt xml validate` against what people use, both sides in one run.
// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { debianPackages } from '../scripts/setup.mjs';
import { step } from '../scripts/steps.mjs';
import { cold, many } from './rows-xml/commands.mjs';
import { parseWrite } from './rows-xml/parse-write.mjs';
import { formatTable } from './table.mjs';

const rows = [parseWrite, many, cold];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
const unknown = positionals.filter((name) => !rows.some((row) => row.name === name));
if (values.help === true || unknown.length > 0) {
  process.stdout.write(
    `npm run bench:xml [-- ROW … --json]; rows: ${rows.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(unknown.length > 0 ? 2 : 0);
}

await debianPackages(['python3', 'python3-libvirt', 'libvirt0', 'libxml2-utils']);
/** @type {import('./measure.mjs').Result[]} */
const results = [];
for (const row of rows)
  if (positionals.length === 0 || positionals.includes(row.name))
    results.push(...(await step(`bench: ${row.name}`, (note) => row.run({ note }))));
process.stdout.write(
  values.json ? `${JSON.stringify(results, undefined, 2)}\n` : `\n${formatTable(results)}\n`,
);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
