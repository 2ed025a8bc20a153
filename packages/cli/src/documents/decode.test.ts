// Bytes to text: what stands at the beginning of a file decides, and bytes that are no text are placed.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeXml } from './decode.js';

test('UTF-8, UTF-16 by its mark, and what the declaration names', () => {
  const text = '<name>żółw</name>';
  assert.equal(decodeXml(Buffer.from(text)).text, text);
  assert.equal(decodeXml(Buffer.from(`\u{FEFF}${text}`)).text, text);
  const little = Buffer.from(`\u{FEFF}${text}`, 'utf16le');
  assert.equal(decodeXml(little).text, text);
  assert.equal(decodeXml(Buffer.from(little).swap16()).text, text);
  const latin = "<?xml version='1.0' encoding='ISO-8859-1'?><name>caf\u{E9}</name>";
  assert.equal(decodeXml(Buffer.from(latin, 'latin1')).text, latin);
});

test('bytes that are no text are placed by line and column', () => {
  const bytes = Buffer.concat([Buffer.from('<a>\n  zażółć '), Buffer.from([0xff]), Buffer.from('\n</a>')]);
  const { finding } = decodeXml(bytes);
  assert.deepEqual([finding?.code, finding?.line, finding?.column], ['syntax', 2, 10]);
  const unknown = decodeXml(Buffer.from("<?xml version='1.0' encoding='martian'?><a>\u{E9}</a>", 'latin1'));
  assert.match(unknown.finding?.message ?? '', /martian/);
});

test('any bytes give text or a finding with a place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { text, finding } = decodeXml(Buffer.from(bytes));
      if (finding === undefined) assert.equal(typeof text, 'string');
      else assert.ok(finding.line >= 1 && finding.column >= 1);
    }),
  );
});

test('every text comes back from its UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const plain = text.replace(/^\u{FEFF}/u, '');
      assert.equal(decodeXml(Buffer.from(plain)).text, plain);
    }),
  );
});
