// The wall on the wire with the kernel that most users have.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { domainXml, templateRoot } from '../documents.js';
import { Rogue } from '../rogue.js';
import { waitFor } from '../wait.js';
import { World } from '../world.js';

suite('what a container forges on the wire', () => {
  let world: World;
  before(async () => {
    world = await World.open();
  });
  after(() => world.close());

  test('the host takes in no route and no neighbour of it, and still reaches the container', async () => {
    const rogue = await Rogue.in(world.host);
    const said = 'advertisement,hidden,redirect,strangers,crowd,claims,tagged';
    const program = rogue.inside(said, { own4: '192.168.7.66', own6: '2001:db8:7::66' });
    const link =
      "<interface type='ethernet'><ip address='192.168.7.66'/><ip address='2001:db8:7::66'/></interface>";
    const filesystems = [templateRoot, rogue.filesystem];
    await world.run(domainXml({ name: 'rogue', program, filesystems, interfaces: [link] }));
    const isSaid = async () => (await world.exec('rogue', 'test', '-e', '/said')).status === 0;
    await waitFor('all to be said', isSaid, 120_000);
    assert.doesNotMatch(await world.enclosure.output('ip', '-6', 'route'), /proto ra|^default|bad/m);
    assert.doesNotMatch(await world.enclosure.output('ip', 'neigh', 'show'), /10\.9\.|bad/);
    for (const address of ['192.168.7.66', '2001:db8:7::66'])
      await waitFor(`an answer of ${address}`, async () => {
        const { status } = await world.enclosure.run(['busybox', 'ping', '-c', '1', '-W', '1', address]);
        return status === 0;
      });
    await world.clear();
  });
});
