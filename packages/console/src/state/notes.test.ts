// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { amend, dismiss, notes, say } from './notes.js';
import { told } from './told.js';

beforeEach(() => {
  notes.value = [];
});

test('what is told as under way is told as done in the same place, however long it took', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const id = say({ kind: 'busy', text: 'Importing a' });
  await told('Importing a', 'Imported a', async () => t.mock.timers.tick(1000), undefined, id);
  assert.deepEqual(
    notes.value.map(({ text }) => text),
    ['Imported a'],
  );
});

test('how far something is brings no note back that was taken away, and none that is over', () => {
  const id = say({ kind: 'busy', text: 'Importing a' });
  amend(id, 'half');
  assert.equal(notes.value[0]?.detail, 'half');
  say({ kind: 'failed', text: 'Importing a: failed' }, id);
  amend(id, 'all');
  assert.equal(notes.value[0]?.detail, undefined);
  dismiss(id);
  amend(id, 'all');
  assert.deepEqual(notes.value, []);
});
