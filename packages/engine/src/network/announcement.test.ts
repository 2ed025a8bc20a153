// The frames that say where an address is now, byte for byte.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announcement } from './announcement.js';
import { addressBytes } from './link-addresses.js';

const mac = '52:54:00:12:34:56';

test('an address of IPv4 is asked for and answered by its owner, to everybody', () => {
  const frames = announcement(mac, addressBytes('192.0.2.7')).map((frame) => frame.toString('hex'));
  const head = 'ffffffffffff5254001234560806000108000604';
  assert.deepEqual(frames, [
    `${head}0001525400123456c0000207000000000000c0000207`,
    `${head}0002525400123456c0000207525400123456c0000207`,
  ]);
});

test('one of IPv6 is advertised to all nodes, with a right sum', () => {
  const [frame = Buffer.alloc(0), ...more] = announcement(mac, addressBytes('2001:db8::7'));
  assert.equal(more.length, 0);
  assert.equal(frame.subarray(0, 14).toString('hex'), '33330000000152540012345686dd');
  const packet = frame.subarray(14);
  assert.equal(packet.subarray(0, 8).toString('hex'), '6000000000203aff');
  assert.equal(packet.subarray(8, 24).toString('hex'), 'fe80000000000000505400fffe123456');
  const said = packet.subarray(40);
  assert.equal(said.subarray(4).toString('hex'), '2000000020010db80000000000000000000000070201525400123456');
  // Sender, receiver, length and protocol belong to it: all together are nothing.
  const summed = Buffer.concat([packet.subarray(8, 40), Buffer.from([0, 0, 0, 32, 0, 0, 0, 58]), said]);
  let sum = 0;
  for (let at = 0; at < summed.length; at += 2) sum += summed.readUInt16BE(at);
  assert.equal(((sum & 0xffff) + (sum >> 16)) & 0xffff, 0xffff);
});
