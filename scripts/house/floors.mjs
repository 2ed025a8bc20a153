// The floors of the engine's folders, from top to bottom: imports go to a floor below. A new folder gets its place here; `*` is any
// that has none of its own.
// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';

const floors = [
  ['index'],
  ['engine'],
  ['build'],
  ['adoption', 'assets', 'explained', 'honoured', 'moves'],
  ['domains'],
  [
    'guarantees',
    'history',
    'life',
    'quota',
    'jobs',
    'traffic',
    'template-catalog',
    'profiles',
    'networks',
    'filters',
    'backup',
    'pools',
  ],
  ['drivers/lxc/accounting'],
  ['drivers/*'],
  ['drivers/lxc/facets'],
  ['template-users'],
  ['registry'],
  ['lifecycle'],
  ['placement', 'walls', 'lifecycle/remarks'],
  ['network', 'drivers', 'attach', 'networks/linux'],
  ['archives'],
  ['state', 'storage'],
  ['storage/sources', 'storage/pools'],
  ['storage/layers'],
  ['storage/ext4'],
  ['storage/contract', 'networks/contract', 'filters/rules'],
  ['schedule', 'guest', 'cgroups', 'templates', 'hooks'],
  ['templates/image'],
  ['templates/archive'],
  ['host'],
  ['errors'],
  ['contract'],
  ['view', 'log', 'asker', 'slices'],
];

const numbers = new Map(floors.flatMap((folders, at) => folders.map((folder) => [folder, at])));

/**
 * A folder by its path below `src`; a file that lies in none is one of its own.
 *
 * @param {string} path
 */
export const folderOf = (path) => (path.includes('/') ? dirname(path) : path.replace(/\.[jt]s$/, ''));

/** @param {string} folder */
const floorOf = (folder) => numbers.get(folder) ?? numbers.get(`${dirname(folder)}/*`);

/** @param {string} folder */
export const hasFloor = (folder) => floorOf(folder) !== undefined;

/**
 * Whether an import goes to a floor that is not below; of a folder without a floor nothing can be said.
 *
 * @param {string} from
 * @param {string} to
 */
export function goesUp(from, to) {
  const [above, below] = [floorOf(from), floorOf(to)];
  return from !== to && above !== undefined && below !== undefined && below <= above;
}
