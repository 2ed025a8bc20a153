// What a browser's client knows of each operation: the contract without its schemas, which are large.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { wayOf } from '../packages/api/dist/client.js';
import { resources } from '../packages/api/dist/resources.js';

const root = new URL('../', import.meta.url).pathname;
const file = 'packages/api/src/browser/ways.gen.ts';

/** @type {string[]} */
const lines = [];
for (const [name, operations] of Object.entries(resources)) {
  lines.push(`  ${name}: {`);
  for (const [operation, route] of Object.entries(operations))
    lines.push(`    ${operation}: ${JSON.stringify(wayOf(route))},`);
  lines.push('  },');
}
writeFileSync(
  root + file,
  `// Every operation of the contract, for browsers: npm run gen.
// SPDX-License-Identifier: Apache-2.0
import type { Way } from '../client.js';

/** The contract's operations, by resource. */
export const ways: { readonly [resource: string]: { readonly [operation: string]: Way } } = {
${lines.join('\n')}
};
`,
);
execFileSync(process.execPath, [`${root}node_modules/@biomejs/biome/bin/biome`, 'format', '--write', file], {
  cwd: root,
  stdio: 'ignore',
});
