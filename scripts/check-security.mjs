// Holds docs/security.md to the sources: every class has a test that exists, or says why it needs none, and the campaign's table is up to date.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withCampaign } from './campaign/table.mjs';

const root = new URL('../', import.meta.url).pathname;
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
/** As many as there are; a class that is taken out of the page is missed here. */
const sections = { 'Fault classes of container managers': 24, 'Kinds of attack tried here': 11 };
let faults = 0;
/** @param {string} text */
const fault = (text) => {
  faults++;
  console.error(`docs/security.md: ${text}`);
};

/**
 * The cells of each row of the first table below a heading.
 *
 * @param {string} heading
 */
function rowsBelow(heading) {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const lines = section.split('\n## ')[0].split('\n');
  const table = lines.filter((line) => line.startsWith('|'));
  return table.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/**
 * A test's name as its source has it: quotes escaped or not.
 *
 * @param {string} source
 * @param {string} name
 */
const hasTest = (source, name) => source.includes(name) || source.includes(name.replaceAll("'", "\\'"));

/**
 * @param {string} name
 * @param {string} cell
 */
function checkTests(name, cell) {
  if (/^does not apply: \S/.test(cell)) return;
  const tests = [...cell.matchAll(/`([^`]+\.ts)` ([^<]+)/g)];
  if (tests.length === 0) fault(`'${name}' has neither a test nor 'does not apply: why'`);
  for (const [, file, title] of tests) {
    const path = join(root, file);
    if (!existsSync(path)) fault(`'${name}': there is no ${file}`);
    else if (!hasTest(readFileSync(path, 'utf8'), title.trim()))
      fault(`'${name}': ${file} has no test '${title.trim()}'`);
  }
}

for (const [heading, count] of Object.entries(sections)) {
  const rows = rowsBelow(heading);
  if (rows.length < count) fault(`'${heading}' has ${rows.length} rows, ${count} classes are known`);
  for (const cells of rows) checkTests(cells[0], cells.at(-1) ?? '');
}
if (withCampaign(page, root) !== page)
  fault("the campaign's table is not that of docs/campaign.json: npm run gen");
if (faults > 0) process.exit(1);
console.log('security: ok');
