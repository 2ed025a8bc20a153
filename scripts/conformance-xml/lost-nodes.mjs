// Compares two XML trees as libxml2 reads them: which elements, attributes and texts of the one the other lacks.
// SPDX-License-Identifier: Apache-2.0
import { XmlAttribute, XmlCData, XmlComment, XmlElement, XmlText } from 'libxml2-wasm';

/** @type {Readonly<Record<string, bigint | undefined>>} */
const factor = { k: 1024n, m: 1024n ** 2n, g: 1024n ** 3n, t: 1024n ** 4n, p: 1024n ** 5n, e: 1024n ** 6n };

/** Sizes that our model counts in KiB whatever unit they came in. */
const inKiB = new Set([
  'memory',
  'currentMemory',
  'hard_limit',
  'soft_limit',
  'min_guarantee',
  'swap_hard_limit',
]);

/**
 * @param {string} value
 * @param {string} unit
 */
function bytes(value, unit) {
  const word = unit.toLowerCase();
  if (!/^\s*\d+\s*$/.test(value)) return undefined;
  if (['b', 'byte', 'bytes'].includes(word)) return BigInt(value.trim());
  const power = factor[word[0]];
  if (power === undefined) return undefined;
  const exponent = BigInt('kmgtpe'.indexOf(word[0]) + 1);
  return BigInt(value.trim()) * (word.length === 2 ? 1000n ** exponent : power);
}

/**
 * Spellings that mean the same: numbers, UUIDs, hardware addresses.
 *
 * @param {string} value
 */
function normal(value) {
  const word = value.trim();
  if (/^[+-]?\d+$/.test(word)) return BigInt(word).toString();
  if (/^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/.test(word))
    return word.replaceAll('-', '').toLowerCase();
  if (/^[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5}$/.test(word))
    return word
      .split(':')
      .map((octet) => octet.padStart(2, '0').toLowerCase())
      .join(':');
  return value;
}

/**
 * @param {XmlElement} element
 * @param {string} path
 * @param {string[]} tokens
 */
function collect(element, path, tokens) {
  const here = `${path}/${element.name}`;
  tokens.push(here);
  const attributes = element.attrs.filter((node) => node instanceof XmlAttribute);
  const unit = attributes.find(({ name }) => name === 'unit')?.value;
  let text = '';
  for (let node = element.firstChild; node; node = node.next) {
    if (node instanceof XmlElement) collect(node, here, tokens);
    else if (node instanceof XmlComment) tokens.push(`${here}/comment ${node.content.trim()}`);
    else if (node instanceof XmlText || node instanceof XmlCData) text += node.content;
  }
  const isSpace = /^space_(?:hard|soft)_limit$/.test(element.name);
  const isSize = inKiB.has(element.name) || isSpace || unit !== undefined;
  const size = isSize ? bytes(text, unit ?? (isSpace ? 'bytes' : 'KiB')) : undefined;
  if (size !== undefined) {
    const rounded = inKiB.has(element.name) ? ((size + 1023n) / 1024n) * 1024n : size;
    tokens.push(`${here} = ${rounded} bytes`);
  } else if (text.trim() !== '') {
    tokens.push(`${here} = ${normal(text)}`);
  }
  for (const { name, value } of attributes) {
    if (name === 'unit' && size !== undefined) continue;
    if ((name === 'usage' || name === 'units') && here.endsWith('/filesystem/source')) continue;
    tokens.push(`${here}/@${name} = ${normal(value)}`);
  }
}

/**
 * Tokens such as `/domain/devices/disk/@type = file` that stand in the first document more often than in the second.
 *
 * @param {import('libxml2-wasm').XmlDocument} before
 * @param {import('libxml2-wasm').XmlDocument} after
 */
export function lostNodes(before, after) {
  /** @type {string[]} */
  const wanted = [];
  /** @type {string[]} */
  const got = [];
  collect(before.root, '', wanted);
  collect(after.root, '', got);
  const left = new Map();
  for (const token of got) left.set(token, (left.get(token) ?? 0) + 1);
  return wanted.filter((token) => {
    const times = left.get(token) ?? 0;
    left.set(token, times - 1);
    return times <= 0;
  });
}
