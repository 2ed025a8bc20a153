// The libvirt whose networks and filters ours are compared with, which is newer than that of domains.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { fetchLibvirtSource } from '../libvirt-source.mjs';
import { xmlFiles } from './texts.mjs';

const wanted = [
  '*/tests/network*',
  '*/tests/nwfilter*',
  '*/tests/virnetworkport*',
  '*/src/conf/schemas/*',
  '*/src/nwfilter/xml/*',
];
/** Its files and its version. */
export const { tree, version } = fetchLibvirtSource('trixie', { name: 'networks', wanted });
/** @param {string} name */
export const testData = (name) => join(tree, 'tests', name);
/** @param {string} path */
export const relative = (path) => path.slice(tree.length + 1);
/** @param {readonly string[]} dirs */
export const documents = (...dirs) => dirs.flatMap((dir) => xmlFiles(join(tree, dir)));
