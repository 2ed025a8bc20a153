// Writes what follows from the XML schema to docs/reference/xml; with --check, fails where the files there differ.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { xmlReference } from '../packages/xml/dist/index.js';

const folder = new URL('../docs/reference/xml/', import.meta.url).pathname;
const files = xmlReference();

mkdirSync(folder, { recursive: true });
const present = readdirSync(folder);
if (process.argv.includes('--check')) {
  const stale = [...files].filter(
    ([name, text]) => !present.includes(name) || readFileSync(join(folder, name), 'utf8') !== text,
  );
  const odd = present.filter((name) => !files.has(name));
  for (const [name] of stale)
    console.error(`docs/reference/xml/${name} is not what the schema says: run node scripts/gen-xml.mjs`);
  for (const name of odd) console.error(`docs/reference/xml/${name} comes from no schema`);
  process.exit(stale.length + odd.length > 0 ? 1 : 0);
}
for (const name of present) if (!files.has(name)) rmSync(join(folder, name));
for (const [name, text] of files) writeFileSync(join(folder, name), text);
console.log(`docs/reference/xml: ${files.size} files`);
