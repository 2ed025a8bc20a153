// The packages that others may use in programs of their own, as archives that npm installs.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { root } from '../setup.mjs';
import { command } from '../steps.mjs';

/** Those that need neither this host nor its containers. */
export const publicPackages = ['xml', 'formats', 'rpc', 'api'];

/**
 * @param {string} out
 * @param {import('../steps.mjs').Note} [note]
 * @returns {Promise<string[]>} the archives
 */
export async function packForNpm(out, note) {
  const folders = publicPackages.flatMap((name) => ['--workspace', join('packages', name)]);
  const answer = await command(['npm', 'pack', '--json', '--pack-destination', out, ...folders], note, {
    cwd: root,
  });
  /** @type {{ filename: string }[]} */
  const made = JSON.parse(answer);
  return made.map(({ filename }) => join(out, filename));
}
