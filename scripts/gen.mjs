// Writes what is generated and kept in the repository: `npm run gen` after a build. Tests hold each file to its source.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { withCampaign } from './campaign/table.mjs';

const root = new URL('../', import.meta.url).pathname;
/** @param {string[]} args */
const ctvirt = (...args) => execFileSync(process.execPath, [`${root}packages/cli/dist/main.js`, ...args]);

writeFileSync(`${root}docs/reference/cli.md`, ctvirt('help', '--markdown'));
writeFileSync(`${root}docs/reference/openapi.json`, ctvirt('openapi'));
if (existsSync(`${root}scripts/gen-xml.mjs`)) await import('./gen-xml.mjs');
await import('./gen-ways.mjs');
await import('./gen-tables.mjs');
const security = `${root}docs/security.md`;
writeFileSync(security, withCampaign(readFileSync(security, 'utf8'), root));
