// The text of an XML file from its bytes, by its byte order mark or its declaration.
// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer';
import type { Finding } from '@ctvirt/xml';

/** The text, or why the bytes are none. */
export type Decoded =
  | { readonly text: string; readonly finding?: undefined }
  | { readonly finding: Finding; readonly text?: undefined };

const marks = [
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
] as const;

const declaration = /^<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.-]{0,40})["']/;

/** Reads UTF-8, UTF-16 with its mark, and what else the declaration names; never throws. */
export function decodeXml(bytes: Buffer): Decoded {
  const mark = marks.find((known) => known.bytes.every((byte, at) => bytes[at] === byte));
  if (mark !== undefined) return decodeAs(bytes, mark.encoding);
  if (!isUtf8(bytes)) {
    const named = declaration.exec(bytes.toString('latin1', 0, 256))?.[1];
    return named === undefined || /^utf-?8$/i.test(named) ? notUtf8(bytes) : decodeAs(bytes, named);
  }
  const text = bytes.toString('utf8');
  return { text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text };
}

function decodeAs(bytes: Buffer, encoding: string): Decoded {
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes) };
  } catch (error) {
    const isUnknown = error instanceof RangeError;
    const message = isUnknown
      ? `the encoding '${encoding}' is not known here; convert the file to UTF-8`
      : `the text is not ${encoding}, as its beginning says`;
    return { finding: fault(message, 1, 1) };
  }
}

function notUtf8(bytes: Buffer): Decoded {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    const part = bytes.subarray(start, end < 0 ? undefined : end);
    if (end < 0 || !isUtf8(part)) {
      const column = [...part.toString('utf8').split('\u{FFFD}', 1).join('')].length + 1;
      return { finding: fault('the text is not UTF-8, and no declaration says what else', line, column) };
    }
    line++;
    start = end + 1;
  }
}

const fault = (message: string, line: number, column: number): Finding => ({
  severity: 'error',
  code: 'syntax',
  message,
  line,
  column,
  path: '/',
  expected: 'UTF-8',
});
