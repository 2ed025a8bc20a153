// Names of machines in images.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostMachine, imageMachine } from './machines.js';

test('a machine is called as images call it, and never the host where it is another one', () => {
  const names = ['x86_64', 'aarch64', 'armv7l', 'riscv64', 's390x', 'ppc64le'].map(imageMachine);
  assert.deepEqual(names, ['amd64', 'arm64', 'arm', 'riscv64', 's390x', 'ppc64le']);
  assert.equal(imageMachine(undefined), hostMachine());
});
