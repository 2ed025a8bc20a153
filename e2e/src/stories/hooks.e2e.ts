// The administrator's hooks: called as libvirt calls its own, with the document, and able to refuse a start.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
  mkdirSync(`${folder()}/lxc.d`);
});
afterEach(async () => {
  rmSync(`${folder()}/lxc`, { force: true });
  await world.clear();
  rmSync(out(), { force: true });
});
after(() => world.close());

const folder = (): string => `${world.root}/etc/hooks`;
const out = (): string => `${world.host}/out`;
function hook(script: string): void {
  writeFileSync(`${folder()}/lxc`, `#!/bin/sh\n${script}\n`);
  chmodSync(`${folder()}/lxc`, 0o755);
}
const calls = (): string[] => readFileSync(out(), 'utf8').trim().split('\n');
const noting = (): string => `echo "$1 $2 $3 $4 $(sed -n 's,.*<uuid>\\(.*\\)</uuid>.*,\\1,p')" >>${out()}`;

test('each step of a life is told in order, with name, stage and document', async () => {
  hook(noting());
  await world.run(domainXml({ name: 'told' }));
  const { uuid } = await world.client.domains.summary({ domain: 'told' });
  await world.client.domains.destroy({ domain: 'told' });
  await world.client.domains.undefine({ domain: 'told', storage: true });
  const [first, ...others] = calls();
  // It is given a UUID when it is let in.
  assert.equal(first?.trim(), 'told define begin -');
  assert.deepEqual(others, [
    `told prepare begin - ${uuid}`,
    `told start begin - ${uuid}`,
    `told started begin - ${uuid}`,
    `told stopped end - ${uuid}`,
    `told release end - ${uuid}`,
    `told undefine end - ${uuid}`,
  ]);
});

test('a daemon that comes to running domains tells of them', async () => {
  await world.run(domainXml({ name: 'found' }));
  hook(noting());
  await world.kill();
  await world.start();
  await waitFor('the hook', () => /found reconnect begin -/.test(readFileSync(out(), 'utf8')));
});

for (const operation of ['prepare', 'start', 'started'])
  test(`a hook that refuses at ${operation} ends the start, says why, and leaves nothing`, async () => {
    await world.define(domainXml({ name: 'refused' }));
    hook(`${noting()}; [ "$2" != ${operation} ] || { echo "not on this host" >&2; exit 9; }`);
    const error = await refused('host-command', world.client.domains.start({ domain: 'refused' }));
    assert.match(
      error.message,
      new RegExp(`hooks/lxc ${operation} of domain 'refused' ended with status 9: not on this host`),
    );
    assert.match(await world.state('refused'), /^shutoff/);
    const told = calls().map((line) => line.split(' ')[1]);
    const all = ['prepare', 'start', 'started', 'stopped', 'release'];
    const upTo = all.slice(0, all.indexOf(operation) + 1);
    const after = { prepare: [], start: ['release'], started: ['stopped', 'release'] }[operation] ?? [];
    assert.deepEqual(told, [...upTo, ...after]);
    hook('exit 0');
    await world.client.domains.start({ domain: 'refused' });
  });

test('a hook that refuses a definition keeps it out, and a change of one, too', async () => {
  hook('[ "$2" != define ] || { echo "no customers today" >&2; exit 1; }');
  const error = await refused('host-command', world.define(domainXml({ name: 'new' })));
  assert.match(error.message, /no customers today/);
  assert.deepEqual(await world.client.domains.list(), []);
});

test('a hook that others can change is not run, and the start says whose it is', async () => {
  await world.define(domainXml({ name: 'safe' }));
  hook(noting());
  chmodSync(`${folder()}/lxc`, 0o777);
  const error = await refused('denied', world.client.domains.start({ domain: 'safe' }));
  assert.match(error.message, /hooks\/lxc can be changed by others than root/);
});

test('while one takes its time other domains go on', async () => {
  await world.define(domainXml({ name: 'slow' }));
  await world.define(domainXml({ name: 'quick' }));
  hook('[ "$1" != slow ] || sleep 2');
  const began = performance.now();
  const slow = world.client.domains.start({ domain: 'slow' });
  await world.client.domains.start({ domain: 'quick' });
  assert.ok(performance.now() - began < 1900);
  await slow;
});
