// The table of what the campaign found, as docs/security.md shows it.
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a part of the campaign came to.
 * @typedef {object} Row
 * @property {string} what
 * @property {string} done
 * @property {string} figures
 * @property {number} faults
 * @property {number} minutes
 * @property {string} date
 * @property {number} seed
 */

const columns = ['part', 'what', 'how often', 'figures', 'faults', 'minutes', 'date', 'seed'];
/** @param {string | number} value */
const cell = (value) => String(value).replaceAll('|', '\\|').replaceAll('\n', ' ');
/** @param {readonly (string | number)[]} cells */
const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;

/**
 * `rows` by the name of the part.
 *
 * @param {Readonly<Record<string, Row>>} rows
 */
export function tableOf(rows) {
  const lines = Object.entries(rows).map(([name, { what, done, figures, faults, minutes, date, seed }]) =>
    line([name, what, done, figures, faults, minutes, date, seed]),
  );
  return [line(columns), line(columns.map(() => '---')), ...lines].join('\n');
}

const block = /(<!-- campaign: [^>]*-->\n)[\s\S]*?(<!-- \/campaign -->)/;

/**
 * The page with the table of what is recorded.
 *
 * @param {string} page
 * @param {string} root
 */
export function withCampaign(page, root) {
  const path = join(root, 'docs/campaign.json');
  const table = existsSync(path)
    ? tableOf(JSON.parse(readFileSync(path, 'utf8')))
    : 'Not run since the last change of its parts.';
  return page.replace(block, (_, begin, end) => `${begin}\n${table}\n\n${end}`);
}
