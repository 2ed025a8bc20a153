// Which group a process is moved to that stays where it is.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { beginMoves, ownGroup } from './early-move.js';
import { detectCgroups } from './layout.js';

const path = (controller: string, group: string): string => `/${controller}${group}`;

test('the group of this process, in both versions', () => {
  const hybrid = '6:cpu,freezer:/a:b/c\n3:cpuset:/\n0::/d\n';
  assert.equal(ownGroup({ version: 1, path }, hybrid), '/freezer/a:b/c');
  assert.equal(ownGroup({ version: 2, path }, hybrid), '/freezer/d');
  assert.equal(ownGroup({ version: 1, path }, '0::/d\n'), undefined);
  assert.equal(ownGroup({ version: 2, path }, ''), undefined);
});

test('it stays in all its groups, and there is a file to write to', async () => {
  const groups = (): string => readFileSync('/proc/self/cgroup', 'utf8');
  const before = groups();
  const layout = detectCgroups();
  const own = ownGroup(layout, before) ?? assert.fail(before);
  assert.ok(existsSync(`${own}/cgroup.procs`), own);
  beginMoves(layout);
  await sleep(100);
  assert.equal(groups(), before);
});
