// Tests that need a network namespace of their own: the file runs again in one, and tells what came of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MARK = 'CTVIRT_TEST_NETWORK';

/** Whether this is the run inside; outside it becomes one test that makes the other run. */
export function isInOwnNetwork(url: string): boolean {
  if (process.env[MARK] !== undefined) return true;
  const skip = process.getuid?.() === 0 ? false : 'namespaces of its own are for root';
  test('in a network namespace of its own', { skip }, () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const inside = ['--net', '--', process.execPath, '--test-reporter=tap', fileURLToPath(url)];
    const { status, stdout, stderr } = spawnSync('/usr/bin/unshare', inside, {
      env: { ...env, [MARK]: '1' },
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
  return false;
}
