// Which domains are meant, and in which order.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DomainSummary } from '@ctvirt/api/browser';
import { signal } from '@preact/signals';
import type { Row } from './domains.js';
import { left, ordered } from './filter.js';

interface Parts {
  readonly cpu?: number;
  readonly refused?: number;
  readonly is?: Partial<DomainSummary>;
}

function row(name: string, { cpu, refused, is = {} }: Parts = {}): Row {
  const summary: DomainSummary = {
    ...{ id: 1, name, uuid: `uuid-${name}`, type: 'lxc', title: null, state: 'running', reason: 'booted' },
    ...{ autostart: false, persistent: true, ctid: null, template: 'busybox', profile: null },
    ...{ hostname: name, addresses: [] },
    ...is,
  };
  const use = { cpu: cpu ?? null, memory: null, disk: null, diskLimit: null, startedAt: null };
  return {
    uuid: summary.uuid,
    is: signal(summary),
    use: signal(cpu === undefined ? undefined : use),
    root: signal(undefined),
    verdicts: signal(undefined),
    refused: signal(refused === undefined ? undefined : { total: refused, resource: 'numproc' }),
  };
}

const all = [
  row('db', { cpu: 0.5, is: { title: 'Orders', addresses: ['10.0.0.3'] } }),
  row('old', { is: { state: 'shutoff', reason: 'crashed' } }),
  row('web', { cpu: 1.5, refused: 3, is: { profile: 'vps.basic', ctid: 117 } }),
];
const names = (rows: readonly Row[]): string[] => rows.map(({ is }) => is.value.name);
const none = { search: '', state: '', profile: '', promise: '' };

test('a search finds names, titles, addresses and numbers', () => {
  const found = (search: string) => names(left(all, { ...none, search }));
  assert.deepEqual(found(' ORDERS '), ['db']);
  assert.deepEqual(found('10.0.0'), ['db']);
  assert.deepEqual(found('117'), ['web']);
  assert.deepEqual(found('busybox'), ['db', 'old', 'web']);
  assert.deepEqual(found('nothing'), []);
});

test('filters by state, profile and what was refused leave what all of them leave', () => {
  assert.deepEqual(names(left(all, { ...none, state: 'running' })), ['db', 'web']);
  assert.deepEqual(names(left(all, { ...none, state: 'crashed' })), ['old']);
  assert.deepEqual(names(left(all, { ...none, profile: 'vps.basic', promise: 'wall' })), ['web']);
  assert.deepEqual(names(left(all, { ...none, promise: 'broken' })), []);
});

test('an order of a column, the largest first with a minus; what is unknown counts as least', () => {
  assert.deepEqual(names(ordered(all, 'name')), ['db', 'old', 'web']);
  assert.deepEqual(names(ordered(all, '-cpu')), ['web', 'db', 'old']);
  assert.deepEqual(names(ordered(all, 'cpu')), ['old', 'db', 'web']);
  assert.deepEqual(names(ordered(all, 'nosuch')), ['db', 'old', 'web']);
});
