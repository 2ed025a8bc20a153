// What is asked of the job of a domain that is just coming.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Jobs } from '../jobs/jobs.js';
import { jobOperations } from './jobs.js';

test('a job that makes a domain is told and ended before that is defined', async () => {
  const record = { name: 'big', uuid: 'u' };
  const jobs = new Jobs(() => undefined);
  let known: { readonly record: typeof record } | undefined = { record };
  const find = () => known ?? assert.fail('no such domain');
  const operations = jobOperations({ jobs, registry: { find, lookFor: () => known } });
  assert.throws(() => operations.abort('big'), { code: 'wrong-state' });
  const made = jobs.run(
    { record },
    'import',
    ({ signal }) =>
      new Promise((_, refuse) => {
        signal.addEventListener('abort', () => refuse(new Error('ended')));
      }),
  );
  assert.equal(operations.get('big')?.kind, 'import');
  assert.equal(operations.abort('big').kind, 'import');
  await assert.rejects(made, { code: 'interrupted' });
  assert.equal(operations.last('big')?.state, 'cancelled');
  // One that was moved is gone here.
  known = undefined;
  assert.equal(operations.last('big')?.state, 'cancelled');
  assert.equal(operations.last('u')?.state, 'cancelled');
  assert.throws(() => operations.last('other'), /no such domain/);
});
