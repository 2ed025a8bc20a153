// Tests of reading liblxc configuration: old names, includes, cleared and repeated keys.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filesOf } from '../files.js';
import { processorMs } from '../testing/processor-time.js';
import { parseLxc } from './parse.js';
import { formatLxcConfig } from './write.js';

const read = (text: string, others: Record<string, string> = {}) =>
  parseLxc(filesOf([['config', text], ...Object.entries(others)]), 'config');
const rows = (text: string, others: Record<string, string> = {}) =>
  read(text, others).settings.map(({ name, value }) => [name, value]);

test('old and present names give the same settings', () => {
  assert.deepEqual(
    rows(
      'lxc.utsname = web\nlxc.network.type=veth\nlxc.network.ipv4 = 10.0.0.2/24\nlxc.network.type = phys\nlxc.network.link = eth1\nlxc.network.7.type = empty\nlxc.limit.nofile = 64\nlxc.id_map = u 0 1 2\n',
    ),
    [
      ['uts.name', 'web'],
      ['net.0.type', 'veth'],
      ['net.0.ipv4.address', '10.0.0.2/24'],
      ['net.1.type', 'phys'],
      ['net.1.link', 'eth1'],
      ['net.7.type', 'empty'],
      ['prlimit.nofile', '64'],
      ['idmap', 'u 0 1 2'],
    ],
  );
});

test('lists grow, single values are replaced, an empty value clears', () => {
  const text =
    'lxc.cap.drop = a b\nlxc.cap.drop = c\nlxc.tty.max = 1\nlxc.tty.max = 4\nlxc.environment = A=1\nlxc.environment =\nlxc.environment = "B= 2 "\nlxc.net.0.type = veth\nlxc.net.0 =\n';
  assert.deepEqual(rows(text), [
    ['cap.drop', 'a b'],
    ['cap.drop', 'c'],
    ['tty.max', '4'],
    ['environment', 'B= 2 '],
  ]);
  assert.deepEqual(
    read(text).skipped.map(({ line }) => line),
    [3, 5, 8],
  );
});

test('includes are followed, files and folders; what is missing is named', () => {
  const { settings, missing, skipped } = read(
    'lxc.include = /usr/common.conf\nlxc.include = /etc/d\nlxc.include = /nowhere\nlxc.include = config\nhello\nlxc.bogus = 1\n',
    {
      '/usr/common.conf': 'lxc.tty.max = 4\nlxc.include = config',
      '/etc/d/b.conf': 'lxc.pty.max = 2',
      '/etc/d/a.conf': 'lxc.pty.max = 1',
      '/etc/d/readme': 'lxc.pty.max = 3',
    },
  );
  assert.deepEqual(
    settings.map(({ name, value, file }) => [name, value, file]),
    [
      ['tty.max', '4', '/usr/common.conf'],
      ['pty.max', '2', '/etc/d/b.conf'],
    ],
  );
  assert.deepEqual(missing, ['/nowhere']);
  assert.deepEqual(
    skipped.map(({ file, line }) => [file, line]),
    [
      ['/usr/common.conf', 2],
      ['/etc/d/a.conf', 1],
      ['config', 3],
      ['config', 4],
      ['config', 5],
      ['config', 6],
    ],
  );
});

test('files that include each other many times end', () => {
  const twice = (a: string) => `lxc.include = ${a}\nlxc.include = ${a}\nlxc.cap.drop = x\n`;
  const others = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`f${n}`, twice(`f${n + 1}`)]));
  assert.ok(processorMs(() => read(twice('f0'), others)) < 10_000);
});

test('property: any text is read, and what is written is read again', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^(lxc\.[a-z.0]{0,9} ?= ?["a ]{0,5}\n){0,6}$/)),
      (text) => {
        read(text);
      },
    ),
    { numRuns: 200 },
  );
  const value = fc.string({ minLength: 1 }).filter((text) => !/[\n\r\0]/.test(text));
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const text = formatLxcConfig(values.map((item) => ['lxc.environment', item]));
      assert.deepEqual(
        rows(text),
        values.map((item) => ['environment', item]),
      );
    }),
  );
});
