// The licences of what the package has in it: ctvirt's own, Node's, and those of the npm packages in the bundles.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../setup.mjs';

/**
 * Node's licence: beside its folder in an archive of nodejs.org's or a package of npm's, or where Debian keeps it.
 *
 * @param {string} node
 */
export function nodeLicence(node) {
  const places = [join(dirname(node), '../LICENSE'), '/usr/share/doc/nodejs/LICENSE'];
  const found = places.find(existsSync);
  if (found === undefined)
    throw new Error(`Node's licence must go with it, and is at none of ${places.join(', ')}`);
  return readFileSync(found, 'utf8');
}

/** What npm installed that is not for development alone, with the text of each licence. */
function npmLicences() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).flatMap(([path, { version, dev, link, license }]) => {
    const folder = join(root, path);
    if (!path.startsWith('node_modules/') || dev === true || link === true || !existsSync(folder)) return [];
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(folder, file), 'utf8').trim();
    return [`${path.replace(/^.*node_modules\//, '')} ${version}\n\n${text}`];
  });
}

export const copyrightText = `ctvirt is under the Apache License, version 2.0, which Debian has in
/usr/share/common-licenses/Apache-2.0. Copyright (C) 2026 its authors.

In /usr/lib/ctvirt there are besides Node and packages of npm, whose
copyrights and licences are in /usr/share/doc/ctvirt/third-party.txt.gz.
`;

/** @param {string} node the program */
export const thirdPartyText = (node) =>
  [...npmLicences(), `Node\n\n${nodeLicence(node)}`].join(`\n\n${'-'.repeat(72)}\n\n`);
