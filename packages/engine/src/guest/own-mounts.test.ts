// Made-up mountinfo of containers: what liblxc mounts is theirs, and nothing of the host that was not handed over.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMounts } from '../host/mountinfo.js';
import { strangers } from './own-mounts.js';

const host = parseMounts(`1 0 254:0 / / rw - ext4 /dev/vda rw
2 1 0:5 / /dev rw - devtmpfs devtmpfs rw
3 1 0:20 / /run rw - tmpfs tmpfs rw
4 1 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
5 1 0:44 / /run/ctvirt/lxcfs rw - fuse.lxcfs lxcfs rw
`);
const disk = parseMounts('20 3 7:0 / /run/ctvirt/mnt/disk-root rw - ext4 /dev/loop0 rw\n');
const handed = parseMounts(`21 3 0:50 / /run/ctvirt/mnt/root-root rw - overlay overlay rw
22 3 254:0 /srv/shared /run/ctvirt/mnt/root-shared rw - ext4 /dev/vda rw
23 3 254:0 /srv/shared/sub /run/ctvirt/mnt/bind-0 rw - ext4 /dev/vda rw
`);
const usual = `100 1 0:50 / / rw - overlay overlay rw
101 100 254:0 /srv/shared /shared rw - ext4 /dev/vda rw
102 100 254:0 /srv/shared/sub /again rw - ext4 /dev/vda rw
103 100 0:60 / /dev rw - tmpfs none rw
104 103 0:5 /null /dev/null rw - devtmpfs devtmpfs rw
105 103 0:5 /tty /dev/tty rw - devtmpfs devtmpfs rw
106 100 0:61 / /proc rw - proc proc rw
107 106 0:44 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw
108 100 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
109 100 0:70 / /tmp rw - tmpfs tmpfs rw
`;
const found = (lines: string): string[] =>
  strangers({ inside: parseMounts(usual + lines), handed, others: [...host, ...disk] }).map(
    ({ target }) => target,
  );

test('what a start hands over, and what each container has of its own', () =>
  assert.deepEqual(found(''), []));

test('device files that the host itself has one by one', () => {
  const node = '6 2 254:0 /var/nodes/null /dev/null rw - ext4 /dev/vda rw\n';
  const lines = '110 103 254:0 /var/nodes/null /dev/null rw - ext4 /dev/vda rw\n';
  const seen = (more: string, others: string): string[] =>
    strangers({ inside: parseMounts(usual + more), handed, others: [...host, ...parseMounts(others)] }).map(
      ({ target }) => target,
    );
  assert.deepEqual(seen(lines, node), []);
  assert.deepEqual(seen(lines, ''), ['/dev/null']);
  assert.deepEqual(seen(lines.replace('nodes/null', 'nodes/shadow'), node), ['/dev/null']);
});

test("folders of the host, its memory, devices and the image's own disk are strangers", () => {
  for (const [device, root] of [
    ['254:0', '/etc'],
    ['254:0', '/'],
    ['254:0', '/srv/shared2'],
    ['254:0', '/srv'],
    ['0:20', '/ctvirt'],
    ['0:5', '/'],
    ['0:5', '/vda'],
    ['7:0', '/'],
  ])
    assert.deepEqual(
      found(`200 100 ${device} ${root} /got rw - any any rw\n`),
      ['/got'],
      `${device} ${root}`,
    );
});

test('a container may mount again what it has, from any place below', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z.]{1,8}$/), { maxLength: 4 }), (parts) => {
      const below = ['/srv/shared', ...parts.filter((part) => part !== '.' && part !== '..')].join('/');
      assert.deepEqual(found(`200 100 254:0 ${below} /mine rw - ext4 /dev/vda rw\n`), []);
    }),
  );
});
