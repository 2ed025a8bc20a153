// Which access lists the kernel takes.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aclOfText, isAcl } from './acl.js';

const [user, named, group, namedGroup, mask, other] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20];

function listOf(...entries: readonly (readonly [tag: number, id?: number])[]): Buffer {
  const list = Buffer.alloc(4 + 8 * entries.length);
  list.writeUInt32LE(2, 0);
  for (const [at, [tag, id = 0xffffffff]] of entries.entries()) {
    list.writeUInt16LE(tag, 4 + 8 * at);
    list.writeUInt16LE(6, 6 + 8 * at);
    list.writeUInt32LE(id, 8 + 8 * at);
  }
  return list;
}

test('a list is one that the kernel takes', () => {
  for (const list of [
    listOf(),
    listOf([user], [group], [other]),
    listOf([user], [group], [mask], [other]),
    listOf([user], [named, 0], [named, 1000], [group], [namedGroup, 7], [mask], [other]),
  ])
    assert.ok(isAcl(list, 65_535), list.toString('hex'));
  for (const list of [
    listOf([user]),
    listOf([user], [group]),
    listOf([group], [user], [other]),
    listOf([user], [user], [group], [other]),
    listOf([user], [named, 1000], [group], [other]),
    listOf([user], [group], [other], [mask]),
    listOf([user], [named, 70_000], [group], [mask], [other]),
    listOf([user], [named], [group], [mask], [other]),
    listOf([user], [0x40], [group], [other]),
  ])
    assert.ok(!isAcl(list, 65_535), list.toString('hex'));
});

test('words that make none are none', () => {
  assert.ok(aclOfText(Buffer.from('user::rw-,group::r--,other::r--')));
  for (const text of ['user::rw-', 'user::rw-,user:1000:r--,group::r--,other::r--', ''])
    assert.equal(aclOfText(Buffer.from(text)), undefined, text);
});
