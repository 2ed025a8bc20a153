// What of disk limits a running container can take.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../../errors.js';
import type { FilesystemSpec } from '../../../storage/index.js';
import { changedOwners, changedSpaces } from './changed-limits.js';

const spec = (
  limit: FilesystemSpec['limit'],
  kind: FilesystemSpec['kind'] = 'template',
): FilesystemSpec[] => [
  {
    key: 'root',
    kind,
    source: 't',
    target: '/',
    readOnly: false,
    options: [],
    limit,
    soft: undefined,
    owners: [],
  },
];
const limit = (bytes?: number, inodes?: number) => ({ bytes, inodes });
const refused = (pattern: RegExp, from: FilesystemSpec['limit'], to: FilesystemSpec['limit']) =>
  assert.throws(
    () => changedSpaces(spec(from), spec(to)),
    (error) => error instanceof EngineError && error.code === 'unsupported' && pattern.test(error.message),
  );

test('space changes, the way it is kept does not', () => {
  assert.deepEqual(
    changedSpaces(spec(limit(5, 9)), spec(limit(7, 9))).map(({ to }) => to.limit),
    [limit(7, 9)],
  );
  assert.deepEqual(changedSpaces(spec(limit(5)), spec(limit(5))), []);
  refused(/without a limit/, undefined, limit(5));
  refused(/without a limit/, limit(undefined, 9), limit(5, 9));
  refused(/keeps one/, limit(5), undefined);
  refused(/9 inodes/, limit(5, 9), limit(5, 10));
});

test('other limits of single users', () => {
  const none = { soft: undefined, hard: undefined };
  const owners = [{ kind: 'user', id: 5, bytes: { ...none, hard: 9 }, inodes: none }] as const;
  const limited = spec(undefined).map((one) => ({ ...one, owners }));
  assert.equal(changedOwners(spec(undefined), limited).length, 1);
  assert.equal(changedOwners(limited, limited).length, 0);
});

test('what is only recorded may say anything', () => {
  assert.deepEqual(changedSpaces(spec(limit(5), 'mount'), spec(undefined, 'mount')), []);
});
