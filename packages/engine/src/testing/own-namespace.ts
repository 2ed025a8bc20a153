// Tests that need a namespace of their own: the file runs again in one, and tells what came of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MARK = 'CTVIRT_TEST_NAMESPACE';

/** Whether this is the run in a network that nobody else has links, addresses, ports or tables in. */
export const isInOwnNetwork = (url: string): boolean => isIn('network', '--net', url);

/** Whether this is the run where nobody else mounts anything. */
export const isAmongOwnMounts = (url: string): boolean => isIn('mount', '--mount', url);

/** Outside it becomes one test that makes the other run. */
function isIn(what: string, option: string, url: string): boolean {
  if (process.env[MARK] !== undefined) return true;
  const skip = process.getuid?.() === 0 ? false : 'namespaces of its own are for root';
  test(`in a ${what} namespace of its own`, { skip }, () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const inside = [option, '--', process.execPath, '--test-reporter=tap', fileURLToPath(url)];
    const { status, stdout, stderr } = spawnSync('/usr/bin/unshare', inside, {
      env: { ...env, [MARK]: '1' },
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
  return false;
}
