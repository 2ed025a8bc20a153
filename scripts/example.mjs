// The example that `npm start` shows: its document, with an address that nobody has here.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';
import { command } from './steps.mjs';

const document = readFileSync(join(root, 'examples', '105.xml'), 'utf8');
/** By it the example is known again; the name is one that a customer's container may have. */
export const [, exampleUuid = ''] = /<uuid>(.*?)<\/uuid>/.exec(document) ?? [];
const [, usual = ''] = /<ipaddress>(.*?)<\/ipaddress>/.exec(document) ?? [];

/** Of the networks that are for private use, and at last of one that no network has: RFC 2544 keeps it for measurements. */
const addresses = [usual, '10.105.105.105', '172.29.105.105', '198.18.105.105'];

/**
 * Routes to that address, but for the default, which leads everywhere: with one, somebody has it or may have it.
 *
 * @param {string} address
 */
async function routesTo(address) {
  const lines = await command(['ip', '-4', 'route', 'show', 'table', 'all', 'to', 'match', address]);
  return lines.split('\n').filter((line) => line !== '' && !/^(\w+ )?default /.test(line));
}

/**
 * The document, and what is to be said of it. Throws where all that could be tried is taken.
 *
 * @returns {Promise<{ xml: string, remark?: string }>}
 */
export async function exampleDocument() {
  const [taken = ''] = await routesTo(usual);
  if (taken === '') return { xml: document };
  for (const address of addresses)
    if ((await routesTo(address)).length === 0)
      return {
        xml: document.replace(usual, address),
        remark: `${usual} of examples/105.xml is routed here already (${taken.trim()}): the example has ${address}`,
      };
  throw new Error(
    `there are routes to all of ${addresses.join(', ')}: give examples/105.xml an address that is free`,
  );
}
