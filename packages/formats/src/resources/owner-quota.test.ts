// Limits of one user or group in the document.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { FormatError } from '../errors.js';
import { type OwnerValues, setOwnerQuota } from './owner-quota.js';

const domain = parseDomainOrThrow(
  "<domain type='lxc'><name>a</name><devices><filesystem type='template'><source name='t'/><target dir='/'/><quota type='inodes' max='100'/></filesystem></devices></domain>",
);
const after = (...values: OwnerValues[]) =>
  values.reduce(setOwnerQuota, domain).devices.filesystems?.[0]?.quotas?.slice(1);

test('space and inodes, soft and hard, of one owner each', () => {
  assert.deepEqual(after({ kind: 'user', id: 5, space: '1M:2M', inodes: '10' }), [
    { type: 'size', uid: 5, maxBytes: 2 << 20, softBytes: 1 << 20 },
    { type: 'inodes', uid: 5, max: 10 },
  ]);
  assert.deepEqual(
    after(
      { kind: 'user', id: 5, space: '1M' },
      { kind: 'group', id: 5, space: '3' },
      { kind: 'user', id: 5, space: '2M' },
    ),
    [
      { type: 'size', gid: 5, maxBytes: 3 << 10 },
      { type: 'size', uid: 5, maxBytes: 2 << 20 },
    ],
  );
});

test('unlimited lifts, and leaves the limit of the whole alone', () => {
  const limits = { kind: 'user', id: 5 } as const;
  assert.deepEqual(after({ ...limits, inodes: '7' }, { ...limits, inodes: 'unlimited' }), []);
});

test('what is no limit is refused', () => {
  for (const space of ['much', '2M:1M', '-1', '1:2:3', '9999999999999T'])
    assert.throws(
      () => after({ kind: 'user', id: 5, space }),
      (error) => error instanceof FormatError && error.code === 'invalid',
      space,
    );
});
