// What limits on disk a file system has by its document.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { filesystemsOf } from './document.js';

const specOf = (limits: string) =>
  filesystemsOf(
    parseDomainOrThrow(
      `<domain type='lxc'><name>a</name><memory>65536</memory><os><type>exe</type></os><devices>
        <filesystem type='template'><source name='t'/><target dir='/'/>${limits}</filesystem></devices></domain>`,
    ),
  )[0];

test('0 is no limit, of whatever and whoever', () => {
  for (const none of [
    '<space_hard_limit>0</space_hard_limit>',
    '<space_hard_limit>0</space_hard_limit><space_soft_limit>0</space_soft_limit>',
    "<quota type='size' max='0'/><quota type='inodes' max='0' soft='0'/>",
    "<quota type='size' uid='5' max='0'/><quota type='inodes' gid='5' max='0'/>",
  ]) {
    const { limit, soft, owners } = specOf(none) ?? assert.fail();
    assert.deepEqual({ limit, soft, owners }, { limit: undefined, soft: undefined, owners: [] }, none);
  }
});

test('a soft limit of 0 leaves the hard one', () => {
  const { limit, soft, owners } =
    specOf(
      `<space_hard_limit>4096</space_hard_limit><space_soft_limit>0</space_soft_limit>
       <quota type='inodes' max='7' soft='0'/><quota type='size' uid='5' max='1' soft='0'/>`,
    ) ?? assert.fail();
  assert.deepEqual([limit, soft], [{ bytes: 4096, inodes: 7 }, undefined]);
  assert.deepEqual(owners[0]?.bytes, { soft: undefined, hard: 1024 });
});
