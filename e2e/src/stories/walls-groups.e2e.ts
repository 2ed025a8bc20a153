// A host whose control groups cannot be seen: no container runs where no limit would reach it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { refused, World } from '../world/world.js';

const groups = '/sys/fs/cgroup';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const hide = () => world.enclosure.output('mount', '-t', 'tmpfs', 'none', groups);
const show = () => world.enclosure.output('umount', groups);

async function assertRefused(name: string): Promise<void> {
  const { message } = await refused('unsupported', world.client.domains.start({ domain: name }));
  assert.match(message, /control group/);
  assert.match(await world.state(name), /^shutoff/);
  assert.deepEqual(
    world.processes().filter((line) => line.includes(`lxc monitor`)),
    [],
  );
}

test('groups that go while the daemon runs', async () => {
  await world.define(domainXml({ name: 'loose' }));
  await hide();
  try {
    await assertRefused('loose');
  } finally {
    await show();
  }
  await world.client.domains.start({ domain: 'loose' });
});

test('a daemon that never saw any', async () => {
  await world.define(domainXml({ name: 'loose' }));
  await world.stop();
  await hide();
  try {
    await world.start();
    await assertRefused('loose');
    await world.stop();
  } finally {
    await show();
  }
  await world.start();
  await world.client.domains.start({ domain: 'loose' });
});

test('root inside makes no groups without end', async () => {
  await world.run(domainXml({ name: 'nesting' }));
  // Of cgroup v1 the kernel counts none, and has a fixed number of those of memory for the whole host.
  const line = `mkdir -p /g; for c in memory pids freezer cpu cpuset blkio devices cpuacct; do
    mount -t cgroup -o $c none /g 2>/dev/null || continue
    chmod 775 /g 2>/dev/null; mkdir /g/more 2>/dev/null && echo "$c has more"
    umount /g
  done
  mount -t cgroup2 none /g 2>/dev/null && { i=0; while [ $i -lt 5000 ] && mkdir /g/more$i 2>/dev/null; do i=$((i+1)); done; [ $i -lt 5000 ] || echo 'no end'; rmdir /g/more*; }
  true`;
  assert.equal(await world.shell('nesting', line), '');
});
