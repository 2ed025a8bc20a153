// What is said of links that cannot be.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkPlan } from '../testing/link-plan.js';
import { refuseLinks } from './refusals.js';

test('a bridge that is not there is the host’s to make, or its network’s to start', () => {
  const link = linkPlan({ kind: 'bridge', parent: 'nosuchbridge0' });
  assert.throws(() => refuseLinks([link], 'cv1'), {
    code: 'host-command',
    message: /has no bridge 'nosuchbridge0'.*make it/,
  });
  assert.throws(() => refuseLinks([{ ...link, network: 'lan' }], 'cv1'), {
    code: 'host-command',
    message: /network 'lan' was stopped meanwhile.*`ctvirt network start lan`/,
  });
});
