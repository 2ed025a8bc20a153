// What suites of documents compare with, and how a difference is told.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ParseOption, RelaxNGValidator, XmlDocument } from 'libxml2-wasm';
import { messageOf } from '../steps.mjs';

/** Its run answers what went wrong. @typedef {[name: string, run: () => string | undefined]} Case */
/** @typedef {{ findings: readonly import('../../packages/xml/dist/index.js').Finding[] }} Read */

/** @param {string} dir */
export const xmlFiles = (dir) =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.xml'))
    .sort()
    .map((name) => join(dir, name));

/** @param {Read} read */
export const errorsOf = ({ findings }) =>
  findings.filter(({ severity }) => severity === 'error').map(({ line, message }) => `${line}: ${message}`);

/**
 * First line in which two texts differ.
 *
 * @param {string} wanted
 * @param {string} got
 */
export function difference(wanted, got) {
  if (wanted === got) return undefined;
  const [a, b] = [wanted.split('\n'), got.split('\n')];
  const at = a.findIndex((line, index) => line !== b[index]);
  return `line ${at + 1}: wanted ${JSON.stringify(a[at])}, got ${JSON.stringify(b[at])}`;
}

/** @param {string} text */
export const parseXml = (text) => XmlDocument.fromString(text, { option: ParseOption.XML_PARSE_NOBLANKS });

/**
 * A validator by a RELAX NG grammar: returns what is wrong.
 *
 * @param {string} text
 * @param {string} [url]
 * @returns {(document: string) => string | undefined}
 */
export function grammar(text, url) {
  const rng = RelaxNGValidator.fromDoc(XmlDocument.fromString(text, url === undefined ? {} : { url }));
  return (document) => {
    /** @type {XmlDocument | undefined} */
    let parsed;
    try {
      parsed = XmlDocument.fromString(document);
      rng.validate(parsed);
      return undefined;
    } catch (error) {
      return messageOf(error);
    } finally {
      parsed?.dispose();
    }
  };
}
