// Which id maps share ids with whom.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostIds } from '../state/id-ranges.js';
import { sharedIds } from './shared-ids.js';

const others = {
  isLeased: false,
  subordinate: (kind: 'uid' | 'gid') => (kind === 'uid' ? 'joe:100000:65536\n# remark\n' : ''),
  sharers: (_kind: string, { first, count }: HostIds) =>
    first < 0x40010000 && 0x40000000 < first + count ? "domain 'web'" : undefined,
};
const of = (outside: number, count = 65_536, kind: 'uid' | 'gid' = 'uid', isLeased = false) => {
  const range = [{ inside: 0, outside, count }];
  return sharedIds({ uid: [], gid: [], [kind]: range }, { ...others, isLeased }).map(
    ({ message }) => message,
  );
};

test('an id map that shares ids is remarked, with what that means', () => {
  const cases: [string[], RegExp | undefined][] = [
    [of(0), /root's user on the host/],
    [of(0, 1, 'gid'), /root's group on the host/],
    [of(1000, 1), /users 1000-1000 are accounts of the host/],
    [of(65_535, 10), /accounts of the host/],
    [of(65_536, 10), undefined],
    [of(100_000), /subordinate ids of 'joe'/],
    [of(165_535, 5), /subordinate ids of 'joe'/],
    [of(165_536), undefined],
    [of(100_000, 65_536, 'gid'), undefined],
    [of(0x4000ffff, 1), /those of domain 'web' as well.*; leave <idmap> out/],
    [of(0x40010000), undefined],
    [
      of(0x40000000, 65_536, 'uid', true),
      /those of domain 'web' as well.*; take them out of that one's <idmap>/,
    ],
    [of(0x40010000, 65_536, 'uid', true), undefined],
  ];
  for (const [messages, expected] of cases) {
    assert.equal(messages.length, expected === undefined ? 0 : 1, String(messages));
    if (expected !== undefined) assert.match(messages[0] ?? '', expected);
  }
});
