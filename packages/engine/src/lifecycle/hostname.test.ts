// The host name that a domain's name is made into where its document gives none.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { shownOf } from './document.js';

const hostnameOf = (name: string): string =>
  shownOf(
    parseDomainOrThrow(
      `<domain type='lxc'><name>${name}</name><os><type>exe</type></os><devices><filesystem><source dir='/r'/><target dir='/'/></filesystem></devices></domain>`,
    ),
  ).hostname;

test('each of its labels has letters, digits and dashes between them, 63 at most', () => {
  const long = 'a'.repeat(62);
  const made = {
    web: 'web',
    'web.example.org': 'web.example.org',
    my_ct: 'my-ct',
    'xn--bcher-kva': 'xn--bcher-kva',
    _x_: 'x',
    übung: 'bung',
    'a..b': 'a.b',
    '-a-.-b-': 'a.b',
    'web._tcp.x': 'web.tcp.x',
    [`${long}_b`]: long,
    [`${long}bc`]: `${long}b`,
    [`${'a'.repeat(32)}.${'b'.repeat(31)}`]: `${'a'.repeat(32)}.${'b'.repeat(31)}`,
    日本: 'localhost',
  };
  for (const [name, hostname] of Object.entries(made)) assert.equal(hostnameOf(name), hostname, name);
});
