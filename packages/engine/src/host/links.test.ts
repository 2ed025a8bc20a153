// Tests of the list of network links.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasLink, linkNames, parseLinkNames } from './links.js';

const sample = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  332348    2034    0    0    0     0          0         0   332348    2034    0    0    0     0       0          0
cv1a.0: 1184 12 0 0 0 0 0 0 1184 12 0 0 0 0 0 0
eth0:1:  5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
`;

test('names are what stands before the counters', () => {
  assert.deepEqual(parseLinkNames(sample), ['lo', 'cv1a.0', 'eth0:1']);
});

test('this namespace has a loopback link', () => {
  assert.ok(linkNames().includes('lo'));
  assert.ok(hasLink('lo'));
  assert.ok(!hasLink('no-such-link'));
});
