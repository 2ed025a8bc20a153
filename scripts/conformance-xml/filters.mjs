// Documents of filters over libvirt's test data, and those that it ships.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { formatDocument, parseDocument } from '../../packages/xml/dist/index.js';
import { lostNodes } from './lost-nodes.mjs';
import { documents, relative, testData, tree } from './network-source.mjs';
import { difference, errorsOf, grammar, parseXml } from './texts.mjs';

/** @typedef {import('./texts.mjs').Case} Case */

/** By its name what the schema of libvirt refuses, too. @param {string} path */
const isInvalid = (path) => path.endsWith('-invalid.xml');
const given = () => documents('tests/nwfilterxml2xmlin');
const shipped = () => documents('src/nwfilter/xml');

/**
 * @param {string} path
 * @param {string} out
 * @returns {Case}
 */
const inNormalForm = (path, out) => [
  relative(path),
  () => {
    const parsed = parseDocument('filter', readFileSync(path, 'utf8'), { strict: true });
    if (parsed.model === undefined) return errorsOf(parsed).join('; ');
    return difference(readFileSync(out, 'utf8'), formatDocument('filter', parsed.model, { libvirt: true }));
  },
];

/** @type {Readonly<Record<string, () => readonly Case[]>>} */
export const filterSuites = {
  'filter XML to XML, byte for byte': () =>
    given()
      .filter((path) => !isInvalid(path))
      .map((path) => inNormalForm(path, testData(join('nwfilterxml2xmlout', basename(path))))),
  'filters in the normal form: as they were': () =>
    documents('tests/nwfilterxml2xmlout').map((path) => inNormalForm(path, path)),
  "filters that libvirt's nwfilter.rng refuses: refused": () =>
    given()
      .filter(isInvalid)
      .map((path) => [
        relative(path),
        () => {
          const { model } = parseDocument('filter', readFileSync(path, 'utf8'));
          return model === undefined ? undefined : 'it was accepted';
        },
      ]),
  'filters that libvirt ships: understood, no node lost, valid when rewritten': () => {
    const rng = join(tree, 'src/conf/schemas/nwfilter.rng');
    const check = grammar(readFileSync(rng, 'utf8'), rng);
    return shipped().map((path) => [
      relative(path),
      () => {
        const text = readFileSync(path, 'utf8');
        const { model, findings } = parseDocument('filter', text, { strict: true });
        if (model === undefined || findings.length > 0)
          return findings.map(({ line, message }) => `${line}: ${message}`).join('; ');
        const written = formatDocument('filter', model);
        const [lost] = lostNodes(parseXml(text), parseXml(written));
        if (lost !== undefined) return `lost ${lost}`;
        return check(written) ?? check(formatDocument('filter', model, { libvirt: true }));
      },
    ]);
  },
};
