// How often folders are looked through for what they hold.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Measured } from './measured.js';

test('a number is found once for a while, the longer the longer it took', async () => {
  let now = 0;
  let took = 10;
  let looks = 0;
  const measured = new Measured(() => now);
  const owner = {};
  const look = (): Promise<number | undefined> =>
    measured.of(owner, async () => {
      now += took;
      return ++looks;
    });
  assert.equal(await look(), 1);
  now += 59_000;
  assert.equal(await look(), 1);
  now += 1000;
  took = 5000;
  assert.equal(await look(), 2);
  now += 499_000;
  assert.equal(await look(), 2);
  now += 1000;
  assert.equal(await look(), 3);
});

test('what takes long is told to who asks later, and one after the other is looked at', async () => {
  const measured = new Measured(undefined, 5);
  const [slow, other] = [{}, {}];
  let end = (): void => undefined;
  const looking = new Promise<number>((resolve) => {
    end = () => resolve(7);
  });
  let isBeside = false;
  const ofOther = async (): Promise<number> => {
    isBeside = true;
    return 8;
  };
  assert.equal(await measured.of(slow, () => looking), undefined);
  assert.equal(await measured.of(other, ofOther), undefined);
  assert.ok(!isBeside);
  end();
  while ((await measured.of(other, ofOther)) === undefined);
  assert.equal(await measured.of(slow, () => assert.fail('it is known')), 7);
  const gone = {};
  assert.equal(await measured.of(gone, () => Promise.reject(new Error('gone'))), undefined);
});
