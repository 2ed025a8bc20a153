// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { askerOf, askerOfClient } from './asker.js';

test('who asks is told as far as it is known', () => {
  const raw = { socket: new Socket() };
  const session = { id: '3f2a81c0', role: 'operator' } as const;
  assert.equal(askerOf({ visitor: { session }, raw }), 'web session 3f2a81c0 (operator)');
  assert.equal(askerOf({ visitor: undefined, raw }), undefined, 'who has left by then');
  const origin = { transport: 'tls', readOnly: false, peer: 'CN=far' } as const;
  assert.equal(askerOfClient({ origin }), 'a client of libvirt (tls CN=far)');
  assert.equal(
    askerOfClient({ origin: { transport: 'unix', readOnly: false } }),
    'a client of libvirt (unix)',
  );
});
