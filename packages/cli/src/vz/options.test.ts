// Command lines of OpenVZ's programs are read as getopt_long reads them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VzError } from './exit-codes.js';
import { isSaid, lastOf, readOptions } from './options.js';

const options = {
  ostemplate: { value: 'name', here: '' },
  ipadd: { value: 'addr', here: '' },
  ipdel: { value: 'addr', here: '' },
  save: { here: '' },
  output: { short: 'o', value: 'field', here: '' },
  sort: { short: 's', value: 'field', here: '' },
  'no-header': { short: 'H', here: '' },
} as const;
const read = (...words: readonly string[]) => readOptions(words, options);

test('an option may be shortened as far as it is clear, and have its value behind =', () => {
  assert.equal(lastOf(read('--ost', 'debian'), 'ostemplate'), 'debian');
  assert.equal(lastOf(read('--ostemplate=debian=7'), 'ostemplate'), 'debian=7');
  assert.throws(() => read('--ip', '10.0.0.1'), /Invalid option --ip/);
});

test('options stand where they like, and each of several is kept in its place', () => {
  const given = read('--ipadd', '10.0.0.1', '101', '--save', '--ipdel', 'all', '--ipadd', '10.0.0.2');
  assert.deepEqual(given.words, ['101']);
  assert.deepEqual(
    given.said.map(({ name, value }) => `${name}=${value}`),
    ['ipadd=10.0.0.1', 'save=', 'ipdel=all', 'ipadd=10.0.0.2'],
  );
});

test('letters stand together, and with their value', () => {
  const given = read('-Hoctid', '-s', '-kmemsize');
  assert.ok(isSaid(given, 'no-header'));
  assert.equal(lastOf(given, 'output'), 'ctid');
  assert.equal(lastOf(given, 'sort'), '-kmemsize');
});

test("what is wrong ends with vzctl's own code", () => {
  for (const words of [['--nosuch'], ['-x'], ['--save=yes'], ['--ipadd']])
    assert.throws(
      () => read(...words),
      (error) => error instanceof VzError && error.code === 'syntax',
      words.join(' '),
    );
});
