// A network card on a PCI bus, as the kernel shows one: handed over by its place there, and back.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { output } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

suite('a network card on a PCI bus', () => {
  let world: World;
  let card: string;
  let place: string;
  before(async () => {
    world = await World.open();
    [card = assert.fail('no card')] = readdirSync('/sys/class/net').filter((name) => /^e/.test(name));
    // Of virtio, whose link is one step below the device.
    place = basename(dirname(realpathSync(`/sys/class/net/${card}/device`)));
    const [, enclosed = ''] = /^\/proc\/(\d+)\//.exec(world.enclosure.path('/')) ?? [];
    await output(['ip', 'link', 'set', 'dev', card, 'netns', enclosed]);
  });
  after(async () => {
    await world.enclosure.output('ip', 'link', 'set', 'dev', card, 'netns', '1');
    await world.close();
  });

  const xmlOf = (name: string, address: string): string => {
    const [, bus, slot, part] = /^0000:(..):(..)\.(.)$/.exec(place) ?? assert.fail(place);
    const at = `<address type='pci' domain='0x0000' bus='0x${bus}' slot='0x${slot}' function='0x${part}'/>`;
    const link = `<interface type='hostdev' managed='yes'><source>${at}</source><mac address='02:00:00:00:77:05'/><ip address='${address}' prefix='24'/></interface>`;
    return domainXml({ name, interfaces: [link] });
  };
  const onHost = () => world.enclosure.output('ip', 'link', 'show', 'dev', card);

  test('is in the container alone, by another name and address, and back as it was', async () => {
    const before = await onHost();
    const [, own = ''] = /link\/ether (\S+)/.exec(before) ?? [];
    await world.run(xmlOf('one', '10.96.0.5'));
    await world.define(xmlOf('two', '10.96.0.6'));
    assert.match(
      await world.shell('one', 'ip address show dev eth0'),
      /,UP[\s\S]*02:00:00:00:77:05[\s\S]*inet 10\.96\.0\.5/,
    );
    // The kernel does not show it there any more.
    const { message } = await refused('in-use', world.client.domains.start({ domain: 'two' }));
    assert.match(message, new RegExp(`domain 'one' has the link ${card}`));
    await world.client.domains.destroy({ domain: 'one' });
    await waitFor('the card to be back', () => onHost().then(Boolean, () => false));
    assert.match(await onHost(), new RegExp(`link/ether ${own}`));
    await world.client.domains.start({ domain: 'two' });
    await world.client.domains.destroy({ domain: 'two' });
    assert.match(await onHost(), new RegExp(`link/ether ${own}`));
    await world.eraseAll();
  });
});
