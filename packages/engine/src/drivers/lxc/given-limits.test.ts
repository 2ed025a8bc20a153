// What a container's init has of each resource limit.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hasCapability } from '../../host/own-limits.js';
import { rlimit, rlimitNames } from '../../host/rlimits.js';
import { givenLimits } from './given-limits.js';

test('every limit that the kernel has is given, none above what this process may give', () => {
  const given = givenLimits({});
  assert.equal(
    Object.keys(given).length,
    readFileSync('/proc/self/limits', 'utf8').trim().split('\n').length - 1,
  );
  assert.deepEqual(new Set(Object.keys(given)), new Set(rlimitNames));
  if (hasCapability('sysResource')) assert.equal(given['nofile'], '1024:524288');
  else
    for (const name of rlimitNames) {
      const [, hard = ''] = given[name]?.split(':') ?? [];
      assert.ok((hard === 'unlimited' ? 2n ** 64n - 1n : BigInt(hard)) <= rlimit(name).hard, name);
    }
  assert.equal(given['stack'], '8388608:unlimited');
  assert.equal(given['core'], '0:unlimited');
});

test('what the document says comes before it', () => {
  const given = givenLimits({ nofile: 100, memlockBytes: 4096, sigpending: 7 });
  assert.deepEqual([given['nofile'], given['memlock'], given['sigpending']], ['100:100', '4096:4096', '7:7']);
});
