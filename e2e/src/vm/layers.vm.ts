// The engine's own test of layers that quotas of projects limit, which takes file systems that keep such.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../world/command.js';

/** Beside the stories on the machine's disk: see scripts/vm/code.mjs. */
const layers = fileURLToPath(new URL('../../../layers/project.test.js', import.meta.url));

suite('layers that quotas of projects limit', () => {
  for (const parent of ['/srv/ext4', '/srv/xfs'])
    test(`do on ${parent} what every layer has to`, async () => {
      const argv = [process.execPath, '--test', '--test-reporter=tap', layers];
      const env = { ...process.env, CTVIRT_PROJECT_FOLDERS: parent };
      const { status, stdout } = await run(argv, { env, timeoutMs: 600_000 });
      assert.equal(status, 0, stdout);
      assert.match(stdout, /^# skipped 0$/m);
    });
});
