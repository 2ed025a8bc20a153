// What a container holds, asked of its init: real processes, of which one has ended.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { usageInside } from './usage.js';

const options = { skip: process.getuid?.() === 0 ? false : 'only root looks into other roots' };

test('of one that has ended it is told that it does not run, and no file of the host', options, async () => {
  const { bytes } = await usageInside({ name: 'web', initPid: process.pid }, '/');
  assert.ok(bytes >= 0);
  const child = spawn('/bin/true');
  await once(child, 'exit');
  await assert.rejects(usageInside({ name: 'web', initPid: child.pid ?? 0 }, '/'), {
    code: 'wrong-state',
    message: "domain 'web' is not running",
  });
});
