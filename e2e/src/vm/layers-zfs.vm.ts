// The engine's own test of layers that are datasets of ZFS.
// SPDX-License-Identifier: Apache-2.0
import { test } from 'node:test';
import { tellLayerTests } from './layer-tests.js';
import { loadZfs, noZfsBuilt } from './zfs.js';

test('datasets of ZFS do what every layer has to', { skip: noZfsBuilt }, async (t) => {
  await loadZfs();
  await tellLayerTests(t, 'zfs');
});
