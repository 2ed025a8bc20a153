// What a variable of a native file becomes is what the document says when it is read again.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDomain, parseDomain } from '@ctvirt/xml';
import fc from 'fast-check';
import { variableIn } from './variables.js';

const documentWith = (variable: object) => {
  const { domain } = parseDomain(
    "<domain type='lxc'><name>v</name><memory>1024</memory><os><type>exe</type></os>" +
      "<devices><filesystem type='mount'><source dir='/srv/v'/><target dir='/'/></filesystem></devices></domain>",
  );
  assert.ok(domain);
  return formatDomain({ ...domain, os: { ...domain.os, initenvs: [variable] } } as typeof domain);
};

test('names that a document changes are told', () => {
  assert.deepEqual(variableIn('LANG=C=D'), { name: 'LANG', value: 'C=D' });
  assert.equal(variableIn('=C'), 'no name');
  assert.equal(variableIn('LANG'), 'no name');
  for (const name of ['LANG\r', '\tLANG', 'LA\u0000NG', ' LANG', 'LANG\u00A0'])
    assert.equal(variableIn(`${name}=C`), 'not to be held', JSON.stringify(name));
});

test('all others come out of a document as they went in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (name) => {
      const variable = variableIn(`${name}=C`);
      if (typeof variable === 'string') return;
      const { domain } = parseDomain(documentWith(variable));
      assert.deepEqual(domain?.os.initenvs, [variable]);
    }),
  );
});
