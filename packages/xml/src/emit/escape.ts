// XML's characters: what must be escaped, and what cannot be written at all.
// SPDX-License-Identifier: Apache-2.0
import { XmlError } from '../errors.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
const special = /[&<>'"\u0000-\u001f\ud800-\udfff\ufffe\uffff]/;

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
  '\r': '&#13;',
};

function escapeAll(value: string, isAttribute: boolean): string {
  let out = '';
  for (const character of value) {
    const entity = entities[character];
    const code = character.codePointAt(0) ?? 0;
    if (entity !== undefined) out += entity;
    else if (code === 9 || code === 10) out += isAttribute ? `&#${code};` : character;
    else if (code < 32 || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff)
      throw unwritable(value, code);
    else out += character;
  }
  return out;
}

function unwritable(value: string, code: number): XmlError {
  const message = `XML cannot hold the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return new XmlError([
    {
      severity: 'error',
      code: 'bad-value',
      message,
      line: 0,
      column: 0,
      path: '',
      found: value.slice(0, 100),
    },
  ]);
}

/** Escapes as libvirt does: all five in text too; throws `XmlError` for a character XML cannot hold. */
export function escapeText(value: string): string {
  return special.test(value) ? escapeAll(value, false) : value;
}

/** As `escapeText`, and keeps line breaks and tabs from being read as blanks. */
export function escapeAttribute(value: string): string {
  return special.test(value) ? escapeAll(value, true) : value;
}
