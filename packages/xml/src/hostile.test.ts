// What the fuzz target found, and other documents made to do harm.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDomain, parseDevice, parseDomain, parseDomainOrThrow } from './index.js';

const container = (inside: string, devices = ''): string =>
  `<domain type='lxc'><name>a</name>${inside}<devices>
<filesystem><source dir='/r'/><target dir='/'/></filesystem>${devices}</devices></domain>`;

test('a foreign document without a usable root element has an error', () => {
  const { device, findings } = parseDevice("<filesystem type='alien'/>", { foreign: true });
  assert.equal(device, undefined);
  assert.deepEqual(
    findings.map(({ severity, code }) => [severity, code]),
    [['error', 'unknown-type']],
  );
});

test('what misses a part that is foreign itself is kept as a whole', () => {
  const { domain, findings } = parseDomain(container("<os><type arch='x'>alien</type></os>"), {
    foreign: true,
  });
  assert.ok(domain);
  assert.deepEqual(domain.extras, [{ xml: "<os><type arch='x'>alien</type></os>", before: 'devices' }]);
  assert.ok(findings.every(({ severity }) => severity === 'warning'));
});

test('an element that is kept because it stands a second time stays behind the first', () => {
  const second = '8509a1d4-1569-4467-8b37-4e433a1ac7b2';
  const text = container(
    `<uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid><os><type>exe</type></os><uuid>${second}</uuid>`,
  );
  const { domain } = parseDomain(text, { foreign: true });
  assert.ok(domain);
  const written = formatDomain(domain);
  assert.match(written, new RegExp(`b1</uuid>\n  <uuid>${second}</uuid>`));
  const again = parseDomain(written, { foreign: true });
  assert.equal(again.domain?.uuid, '8509a1d4-1569-4467-8b37-4e433a1ac7b1');
  assert.equal(formatDomain(again.domain), written);
});

test('of two lists of beancounters the last counts, and it stays the last', () => {
  const list = (name: string) =>
    `<c:beancounters xmlns:c='urn:ctvirt:beancounters:1'><c:parameter name='${name}' value='1'/></c:beancounters>`;
  const { domain, findings } = parseDomain(container(`<metadata>${list('first')}${list('last')}</metadata>`));
  assert.deepEqual(domain?.beancounters, [{ name: 'last', value: '1' }]);
  assert.deepEqual(domain?.metadata, [list('first')]);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['duplicate-element'],
  );
  assert.deepEqual(parseDomainOrThrow(formatDomain(domain)), domain);
});

test('stray text that is blank to JavaScript, but not to XML, is kept', () => {
  const domain = parseDomainOrThrow(container('\uFEFF'));
  assert.deepEqual(domain.extras, [{ xml: '\uFEFF', before: 'devices' }]);
  assert.deepEqual(parseDomainOrThrow(formatDomain(domain)), domain);
});
