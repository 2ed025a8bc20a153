// Which operations of templates and repositories are jobs: those that make or remove something.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '../contract.js';
import { Jobs } from '../jobs/jobs.js';
import { repositoryJobs, templateJobs } from './other-jobs.js';

test('who only asks what would be has no job, and has failed at none where that is refused', async () => {
  const jobs = new Jobs(() => undefined);
  const refused = (): never => {
    throw new Error('refused');
  };
  const only = <T extends object>(some: Partial<T>): T =>
    new Proxy<Partial<T>>(some, { get: (of, name) => Reflect.get(of, name) ?? refused }) as T;
  const backups = repositoryJobs(
    only<Engine['backups']>({ repositories: () => [], forget: async () => refused() }),
    jobs,
  );
  const templates = templateJobs(only<Engine['templates']>({ import: async () => refused() }), jobs);
  await assert.rejects(backups.forget({ repository: 'r', keepLast: 1, dryRun: true }));
  await assert.rejects(templates.import('t', '/t.tar', { dryRun: true }));
  assert.deepEqual(jobs.list(), []);
  await assert.rejects(backups.forget({ repository: 'r', keepLast: 1 }));
  await assert.rejects(templates.import('t', '/t.tar'));
  assert.deepEqual(
    jobs.list().map(({ kind, state }) => `${kind} ${state}`),
    ['import failed', 'forget failed'],
  );
});
