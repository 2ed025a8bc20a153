// A container's links lead where the container would be led, never to a name of the host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { InsidePaths, insidePath, refuseTarget } from './inside.js';

let folder: string;
const inside = new InsidePaths();
const opened: number[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctvirt-inside-'));
  const root = join(folder, 'root');
  const data = join(folder, 'data');
  await mkdir(join(root, 'usr/lib'), { recursive: true });
  await mkdir(data);
  await mkdir(join(folder, 'host'));
  const links: readonly (readonly [string, string])[] = [
    [`${root}/lib`, 'usr/lib'],
    [`${root}/up`, '../../../../usr'],
    [`${root}/host`, join(folder, 'host')],
    [`${root}/to-data`, '/data'],
    [`${root}/circle`, 'circle'],
    [`${data}/out`, '/usr'],
    [`${data}/host`, `${folder}/host`],
  ];
  for (const [path, target] of links) await symlink(target, path);
  await writeFile(join(root, 'file'), '');
  await mkdir(join(folder, 'memory'));
  for (const [target, tree] of [
    ['/', root],
    ['/data', data],
    ['/data/memory', join(folder, 'memory')],
  ] as const) {
    const fd = openSync(tree, 'r');
    opened.push(fd);
    inside.add(target, fd);
  }
});
after(async () => {
  for (const fd of opened) closeSync(fd);
  await rm(folder, { recursive: true });
});

const led: readonly (readonly [string, string])[] = [
  ['/usr/lib', '/usr/lib'],
  ['/lib/modules/6.1', '/usr/lib/modules/6.1'],
  ['/up/lib', '/usr/lib'],
  ['/new/folder', '/new/folder'],
  ['/data/new', '/data/new'],
  ['/data/memory/x', '/data/memory/x'],
  ['/data2/x', '/data2/x'],
];
for (const [path, to] of led) test(`${path} is ${to}`, () => assert.equal(inside.resolve(path), to));

for (const path of ['/host', '/host/x', '/circle/x', '/data/host/x', '/file/x'])
  test(`${path} leads nowhere in the container`, () =>
    assert.throws(() => inside.resolve(path), { code: 'invalid' }));

test('dots lead no further up than the root, and a relative path is refused', () => {
  assert.equal(insidePath('/../../etc/./x//y/'), '/etc/x/y');
  assert.equal(insidePath('//'), '/');
  for (const path of ['etc', '', './etc', '../etc'])
    assert.throws(() => insidePath(path), { code: 'invalid' });
  fc.assert(
    fc.property(fc.array(fc.constantFrom('..', '.', 'a', '')), (parts) => {
      const path = insidePath(`/${parts.join('/')}`);
      assert.match(path, /^(\/|(\/a)+)$/);
    }),
  );
});

test('what a path leads to is opened, and only that', () => {
  const fd = inside.open('/lib');
  try {
    assert.equal(readlinkSync(`/proc/self/fd/${fd}`), join(folder, 'root/usr/lib'));
  } finally {
    closeSync(fd);
  }
  assert.throws(() => inside.open('/usr/share'), { code: 'not-found' });
  assert.throws(() => inside.open('/host'), { code: 'invalid' });
});

test("what liblxc fills itself is no document's to mount on", () => {
  for (const path of ['/dev', '/dev/null', '/proc', '/proc/sys', '/sys', '/sys/fs/cgroup'])
    assert.throws(() => refuseTarget(path), { code: 'denied' });
  for (const path of ['/', '/device', '/dev/shm', '/dev/shm/mine', '/srv/proc']) refuseTarget(path);
});
