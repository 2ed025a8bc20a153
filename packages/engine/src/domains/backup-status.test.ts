// What is told of backups where none can be taken.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };

test('without a repository nothing is well', options, async () => {
  const root = mkdtempSync(join(tmpdir(), 'cvs'));
  chmodSync(root, 0o755);
  const layout = layoutOf(root);
  const driver = new MemoryDriver({ documentPath: documentPathIn(layout), isObedient: true });
  const { engine } = await openMemoryEngine(layout, driver, () => undefined);
  try {
    await assert.rejects(engine.backups.status(), { code: 'not-found', message: /backup_repositories/ });
  } finally {
    await engine.close();
    rmSync(root, { recursive: true });
  }
});
