// Where in a document a cursor stands.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeAt } from './xml-place.js';

const told = (before: string): string => {
  const place = placeAt(before);
  if (place === undefined) return 'nowhere';
  const { kind, path, typed, attribute, has } = place;
  return [kind, path.join('/'), attribute, typed, has.join()]
    .filter((part) => part !== undefined)
    .join(' | ');
};

test('a place is told by what stands before it', () => {
  const cases: Record<string, string> = {
    '': 'text |  |  | ',
    '<': 'element |  |  | ',
    '<dom': 'element |  | dom | ',
    '<domain ': 'attribute | domain |  | ',
    "<domain type='lxc' i": 'attribute | domain | i | type',
    "<domain type='": 'value | domain | type |  | ',
    '<domain id="7" type="lx': 'value | domain | type | lx | id',
    "<domain><name>a</name><devices><filesystem type='mount'><sou":
      'element | domain/devices/filesystem | sou | ',
    '<domain><os><type>ex': 'text | domain/os/type | ex | ',
    '<domain><devices></de': 'end | domain/devices | de | ',
    '<domain><devices></devices>\n  <me': 'element | domain | me | ',
    '<domain><!-- <a> ': 'nowhere',
    '<domain><!-- <a> --><b': 'element | domain | b | ',
    '<domain><![CDATA[ <a> ]]><b': 'element | domain | b | ',
    '<?xml version="1.0"?>\n<domain><x/><y': 'element | domain | y | ',
    "<domain><title>it's</title><v": 'element | domain | v | ',
    "<domain><disk type='file'/><dev": 'element | domain | dev | ',
  };
  for (const [before, wanted] of Object.entries(cases)) assert.equal(told(before), wanted, before);
});

test('whatever is typed takes no longer than a moment', () => {
  const hostile = [
    `<${'a '.repeat(50_000)}`,
    "<a b='".repeat(20_000),
    '<!--'.repeat(50_000),
    '<'.repeat(100_000),
  ];
  for (const text of hostile) {
    // Of work: how long this waits for a processor is no matter of the text.
    const began = process.cpuUsage();
    placeAt(text);
    assert.ok(process.cpuUsage(began).user < 1e6, text.slice(0, 20));
  }
});
