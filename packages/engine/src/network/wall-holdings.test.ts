// An element stays in the kernel for as long as anybody wants it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takenElements } from './wall-elements.js';
import { WallHoldings } from './wall-holdings.js';

const taken = (...last: readonly number[]) => takenElements(last.map((n) => Buffer.from([192, 0, 2, n])));
const texts = ({ come, gone }: ReturnType<WallHoldings['put']>) =>
  [come, gone].map((list) => list.map(({ text }) => text));

test('what two want goes with the second', () => {
  const held = new WallHoldings();
  assert.deepEqual(texts(held.put('a', taken(1, 2, 2))), [['192.0.2.1', '192.0.2.2', '192.0.2.2'], []]);
  assert.deepEqual(texts(held.put('b', taken(2, 3))), [['192.0.2.3'], []]);
  assert.deepEqual(texts(held.put('a', [])), [[], ['192.0.2.1']]);
  assert.deepEqual(texts(held.put('b', taken(3, 4))), [['192.0.2.4'], ['192.0.2.2']]);
  assert.deepEqual(
    held.all().map(({ text }) => text),
    ['192.0.2.3', '192.0.2.4'],
  );
});
