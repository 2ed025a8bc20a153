// The ceiling of all containers, over plain files.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ProcessCeiling, processDefaults, withProcessDefault } from './processes.js';

test('a share of what the kernel can have', () => {
  const most = (values: Readonly<Record<string, string>>) =>
    processDefaults((path) => values[path.split('/').at(-1) ?? ''] ?? '');
  assert.deepEqual(most({ pid_max: '32768\n', 'threads-max': '188000\n' }), { each: 4915, together: 26214 });
  assert.deepEqual(most({ pid_max: '4194304\n', 'threads-max': '10000\n' }), { each: 1500, together: 8000 });
});

test('the default stands in for what is not said, not for what is', () => {
  assert.equal(withProcessDefault({}).pidsMax, processDefaults().each);
  assert.equal(withProcessDefault({ pidsMax: 7 }).pidsMax, 7);
  assert.equal(withProcessDefault({ pidsUnlimited: true }).pidsMax, undefined);
});

test('the ceiling gives way to what a running domain may have, and returns', () => {
  const root = mkdtempSync(join(tmpdir(), 'ctvirt-processes-'));
  const { together } = processDefaults();
  const path = (_: string, group: string): string => join(root, group);
  const layout = {
    version: 1,
    controllers: new Set(['pids']),
    path,
    all: () => [],
    controlled: () => [],
  } as const;
  const shown = (): string => readFileSync(join(root, 'ctvirt', 'pids.max'), 'utf8');
  const ceiling = new ProcessCeiling(layout, 'ctvirt');
  try {
    ceiling.know('early', {}); // before there is a group
    mkdirSync(join(root, 'ctvirt'));
    writeFileSync(join(root, 'ctvirt', 'pids.max'), 'max\n');
    ceiling.know('a', {});
    assert.equal(shown(), String(together));
    ceiling.know('b', { pidsMax: together + 5 });
    assert.equal(shown(), String(together + 5));
    ceiling.know('c', { pidsUnlimited: true });
    assert.equal(shown(), 'max');
    ceiling.leave('c');
    ceiling.know('b', { pidsMax: 5 });
    assert.equal(shown(), String(together));
  } finally {
    rmSync(root, { recursive: true });
  }
});
