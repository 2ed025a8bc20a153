// What is typed for a parameter, as it is counted.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, isBelow, wanted } from './amounts.js';

test('what a parameter comes to is what vzctl makes of it', () => {
  assert.deepEqual(wanted('pages', '65536:69632'), [65_536, 69_632]);
  assert.deepEqual(wanted('pages', '256M:unlimited'), [65_536, null]);
  assert.deepEqual(wanted('pages', '100p'), [100, 100]);
  assert.deepEqual(wanted('bytes', ' 14M '), [14_680_064, 14_680_064]);
  assert.deepEqual(wanted('bytes', '2P:3p'), [8192, 12_288]);
  assert.deepEqual(wanted('count', '240'), [240, 240]);
  assert.deepEqual(wanted('pages', '1.5m:9223372036854775807'), [384, null]);
  assert.deepEqual(wanted('count', '2147483647'), [null, null]);
  for (const text of ['', 'much', '1:2:3', '1:', ':1', '-1', '1.5', '240k', '1e3'])
    assert.equal(wanted('count', text), undefined, text);
  assert.deepEqual(
    [
      amount('pages', 65_536, '∞'),
      amount('bytes', 1024, '∞'),
      amount('count', 1234, '∞'),
      amount('count', null, '∞'),
    ],
    ['256 MiB', '1.0 KiB', '1,234', '∞'],
  );
});

test('less than it holds cuts a limit short, and no promise', () => {
  assert.equal(isBelow({ resource: 'numproc', held: 20 }, 19), true);
  assert.equal(isBelow({ resource: 'numproc', held: 20 }, 20), false);
  assert.equal(isBelow({ resource: 'numproc', held: null }, 0), false);
  assert.equal(isBelow({ resource: 'numproc', held: 20 }, null), false);
  assert.equal(isBelow({ resource: 'oomguarpages', held: 20 }, 19), false);
});
