// The engine's own test of layers that quotas of projects limit, which takes file systems that keep such.
// SPDX-License-Identifier: Apache-2.0
import { suite, test } from 'node:test';
import { tellLayerTests } from './layer-tests.js';

suite('layers that quotas of projects limit', () => {
  for (const parent of ['/srv/ext4', '/srv/xfs'])
    test(`do on ${parent} what every layer has to`, (t) =>
      tellLayerTests(t, 'project', { CTVIRT_PROJECT_FOLDERS: parent }));
});
