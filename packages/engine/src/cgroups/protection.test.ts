// Guarantees of memory summed up for the group of all containers, over plain files.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CgroupLayout } from './layout.js';
import { shareProtection } from './protection.js';

test('the parent is guaranteed what its containers are, and nothing for those that are gone', () => {
  const root = mkdtempSync(join(tmpdir(), 'ctvirt-protection-'));
  const layout: CgroupLayout = {
    version: 2,
    controllers: new Set(['memory']),
    path: (_, group) => join(root, group),
    all: (group) => [join(root, group)],
    controlled: (group) => [join(root, group)],
  };
  const low = () => readFileSync(join(root, 'ctvirt', 'memory.low'), 'utf8');
  try {
    shareProtection(layout, 'ctvirt');
    for (const [name, bytes] of [
      ['a', 100],
      ['b', 50],
    ] as const) {
      mkdirSync(join(root, 'ctvirt', `lxc.payload.${name}`), { recursive: true });
      writeFileSync(join(root, 'ctvirt', `lxc.payload.${name}`, 'memory.low'), `${bytes}\n`);
    }
    shareProtection(layout, 'ctvirt');
    assert.equal(low(), '150');
    rmSync(join(root, 'ctvirt', 'lxc.payload.a'), { recursive: true });
    shareProtection(layout, 'ctvirt');
    assert.equal(low(), '50');
    writeFileSync(join(root, 'ctvirt', 'lxc.payload.b', 'memory.low'), 'max\n');
    shareProtection(layout, 'ctvirt');
    assert.equal(low(), 'max');
  } finally {
    rmSync(root, { recursive: true });
  }
});
