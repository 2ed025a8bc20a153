// Links of the host that containers have meanwhile: moved in at the start or live, and back in every way that a run ends.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@ctvirt/api';
import { Chance, seed } from '../world/chance.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
const here = (line: string) => world.enclosure.output('ip', ...line.split(' '));
const virsh = (...args: string[]) => world.enclosure.output('virsh', '-c', world.uri('lxc'), ...args);
const MAC = '02:00:00:00:77:01';

before(async () => {
  world = await World.open();
});
/** This kernel has no card to spare: a pair stands for one, whose other end is the network beyond it. */
beforeEach(async () => {
  await here(`link add card address ${MAC} mtu 1400 type veth peer name beyond`);
  await here('address add 10.96.0.1/24 dev beyond');
  for (const name of ['card', 'beyond']) await here(`link set ${name} up`);
});
afterEach(async () => {
  await world.eraseAll();
  await here('link delete beyond');
  await world.assertClean();
});
after(() => world.close());

const hostdev = (name = 'card', more = "<ip address='10.96.0.5' prefix='24' family='ipv4'/>") =>
  `<hostdev mode='capabilities' type='net'><source><interface>${name}</interface></source>${more}</hostdev>`;
const withLink = (name: string, program?: string[], link = hostdev()) =>
  domainXml({ name, filesystems: [templateRoot, link], ...(program !== undefined && { program }) });
/** What its own machine had. */
const isBack = async () => {
  const shown = await waitFor('the link to be on the host', () =>
    here('link show dev card').then(
      (text) => (text.includes(',UP') ? text : undefined),
      () => undefined,
    ),
  );
  assert.match(shown, new RegExp(`mtu 1400[\\s\\S]*${MAC}`));
};
const isGone = async () => assert.ok(!(await world.enclosure.links()).includes('card'));

test('a link of the host is in the container alone, and back as it was when that is destroyed', async () => {
  await world.run(withLink('one'));
  await isGone();
  assert.match(await world.shell('one', 'ip address show dev card'), /mtu 1400[\s\S]*inet 10\.96\.0\.5\/24/);
  await world.shell('one', 'ping -c 1 -W 3 10.96.0.1');
  const { owned } = await world.client.check.list();
  assert.ok(owned.some(({ kind, what, owner }) => kind === 'link' && what === 'card' && owner === 'one'));
  const { walls } = await world.client.domains.info({ domain: 'one' });
  const network = walls.find(({ name }) => name === 'network');
  assert.equal(network?.state, 'loosened');
  assert.match(network?.how ?? '', /card sends from any address/);
  const other = await world
    .define(withLink('two'))
    .then(() => refused('in-use', world.client.domains.start({ domain: 'two' })));
  assert.match(other.message, /domain 'one' has the link card/);
  // Whatever it is called there, and whatever was done to it.
  await world.shell(
    'one',
    'ip link set card down; ip link set card name mine mtu 1300 address 02:00:00:00:77:09',
  );
  await world.client.domains.destroy({ domain: 'one' });
  await isBack();
  await world.client.domains.start({ domain: 'two' });
  await isGone();
});

test('it comes back from a container that ends by itself, and with whatever daemon there is', async () => {
  await world.run(withLink('ends', ['/bin/sh', '-c', 'rm -f /end; until [ -e /end ]; do sleep 0.1; done']));
  await world.shell('ends', 'touch /end');
  await world.waitForState('ends', 'shutoff (shutdown)');
  await isBack();
  // While no daemon is there, by the monitor; the next daemon sets what it was.
  await world.client.domains.start({ domain: 'ends' });
  await world.kill();
  await world.start();
  await isGone();
  const { initPid } = await world.client.domains.info({ domain: 'ends' });
  await world.kill();
  process.kill(initPid ?? assert.fail('no init'), 'SIGKILL');
  await waitFor('the monitor to hand it back', async () => (await world.enclosure.links()).includes('card'));
  await world.start();
  await isBack();
});

test('it is not lost with a monitor that is killed', async () => {
  await world.run(withLink('crashed'));
  const monitor =
    world.processes().find((line) => line.includes('[lxc monitor]')) ?? assert.fail('no monitor');
  const { initPid } = await world.client.domains.info({ domain: 'crashed' });
  process.kill(Number(monitor.split(' ')[0]), 'SIGKILL');
  try {
    process.kill(initPid ?? assert.fail('no init'), 'SIGKILL');
  } catch (error) {
    // It may have ended with its monitor.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
  await world.waitForState('crashed', 'shutoff (crashed)');
  await isBack();
});

test(`it is back whenever the daemon is killed (CTVIRT_SEED=${seed})`, async () => {
  const chance = new Chance(seed);
  await world.define(withLink('cut'));
  for (let round = 0; round < 8; round++) {
    const starting = world.client.domains.start({ domain: 'cut' }).catch(() => undefined);
    await sleep(chance.next() * 250);
    await world.kill();
    await starting;
    await world.start();
    const { state } = await world.client.domains.summary({ domain: 'cut' });
    if (state !== 'shutoff') {
      await isGone();
      const ending = world.client.domains.destroy({ domain: 'cut' }).catch(() => undefined);
      await sleep(chance.next() * 100);
      await world.kill();
      await ending;
      await world.start();
      // What the killed daemon had begun may end it first.
      await world.client.domains.destroy({ domain: 'cut' }).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.code !== 'wrong-state') throw error;
      });
    }
    await isBack();
  }
});

test('it is back when a start fails that had moved it in', async () => {
  for (const [name, program] of [
    ['nothing', '/no/such'],
    ['folder', '/etc'],
  ] as const) {
    await world.define(withLink(name, [program]));
    await assert.rejects(world.client.domains.start({ domain: name }));
    await isBack();
  }
});

test('it comes and goes while the container runs', async () => {
  await world.run(domainXml({ name: 'live' }));
  const path = `${world.host}/hostdev.xml`;
  await writeFile(path, hostdev());
  await virsh('attach-device', 'live', path, '--live');
  await isGone();
  await world.shell('live', 'ping -c 1 -W 3 10.96.0.1');
  assert.match(await virsh('dumpxml', 'live'), /<interface>card<\/interface>/);
  await world.shell('live', 'ip link set card down; ip link set card name mine');
  await virsh('detach-device', 'live', path, '--live');
  await isBack();
  await virsh('attach-device', 'live', path, '--live');
  // Its name is enough, as for libvirt.
  await writeFile(path, hostdev('card', ''));
  await virsh('detach-device', 'live', path, '--live');
  await isBack();
  await virsh('attach-device', 'live', path, '--live');
  await world.kill();
  await world.start();
  await world.client.domains.destroy({ domain: 'live' });
  await isBack();
});

test('a card is had by its place on a PCI bus, as an interface, and comes and goes so while the container runs', async () => {
  // This kernel has no such bus to look at: a folder in its place says where the link is.
  const bus = '/sys/bus/pci/devices';
  const place = '0000:03:00.1';
  // The kernel lets a container have a sysfs where one is whole.
  const whole = `${world.host}/sys`;
  await mkdir(whole);
  await world.enclosure.output('mount', '-t', 'sysfs', 'sysfs', whole);
  await world.enclosure.output('mount', '-t', 'tmpfs', 'bus', bus);
  try {
    const show = `mkdir -p ${bus}/${place}/net/card; echo ${MAC} > ${bus}/${place}/net/card/address`;
    const hide = `rm -r ${bus}/${place}/net/card`;
    const sh = (line: string) => world.enclosure.output('/bin/sh', '-c', line);
    const card = (address: string, more = '') =>
      "<interface type='hostdev' managed='yes'><source><address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x1'/></source>" +
      `${more}<ip address='${address}' prefix='24'/></interface>`;
    const other = "<mac address='02:00:00:00:77:05'/><mtu size='1300'/>";
    await world.define(domainXml({ name: 'whole', interfaces: [card('10.96.0.5', other)] }));
    const { message } = await refused('not-found', world.client.domains.start({ domain: 'whole' }));
    assert.match(message, /this host has no PCI device 0000:03:00\.1/);
    await sh(show);
    await world.client.domains.start({ domain: 'whole' });
    await sh(hide);
    await isGone();
    const inside = await world.shell(
      'whole',
      'ip address show dev eth0; ping -c 1 -W 3 10.96.0.1 >/dev/null',
    );
    assert.match(inside, /UP.*mtu 1300[\s\S]*02:00:00:00:77:05[\s\S]*inet 10\.96\.0\.5\/24/);
    assert.match(await virsh('dumpxml', 'whole'), /<source dev='card'>/);
    assert.doesNotMatch(await virsh('dumpxml', 'whole', '--inactive'), /dev='card'/);
    assert.match(await virsh('domiflist', 'whole'), /hostdev .* 02:00:00:00:77:05/);
    await world.kill();
    await world.start();
    await isGone();
    await world.client.domains.destroy({ domain: 'whole' });
    await isBack();
    await sh(show);
    await world.run(
      domainXml({
        name: 'live',
        interfaces: ["<interface type='ethernet'><ip address='10.96.7.7'/></interface>"],
      }),
    );
    const path = `${world.host}/card.xml`;
    await writeFile(path, card('10.96.0.6'));
    await virsh('attach-device', 'live', path, '--live');
    assert.match(
      await world.shell('live', 'ip address show dev eth1'),
      new RegExp(`mtu 1400[\\s\\S]*${MAC}`),
    );
    const taken = await refused('in-use', world.client.domains.start({ domain: 'whole' }));
    assert.match(taken.message, /domain 'live' has the link card/);
    await virsh('detach-device', 'live', path, '--live');
    await isBack();
    await virsh('attach-device', 'live', path, '--live', '--config');
    await world.client.domains.destroy({ domain: 'live' });
    await isBack();
    await world.client.domains.start({ domain: 'live' });
    await world.shell('live', 'ping -c 1 -W 3 -I eth1 10.96.0.1');
    await virsh('detach-interface', 'live', 'hostdev', '--mac', MAC, '--live');
    await isBack();
    await virsh('attach-interface', 'live', 'hostdev', place, '--managed', '--live');
    assert.match(await world.shell('live', 'ip link show dev eth1'), new RegExp(`,UP[\\s\\S]*${MAC}`));
  } finally {
    await world.eraseAll();
    await world.enclosure.output('umount', bus, whole);
  }
});

/** In the container's network, as its root can. */
const inside = async (domain: string, line: string) => {
  const { initPid } = await world.client.domains.info({ domain });
  return world.enclosure.output('nsenter', `--net=/proc/${initPid}/ns/net`, '--', '/bin/sh', '-c', line);
};
const details = async () => {
  const shown = await here('-details link show dev card');
  return shown.replace(/^\d+: card@if\d+: |,?(NO-CARRIER|LOWER_UP)|state \w+|qdisc \w+/gm, '');
};

for (const way of ['detached', 'destroyed'] as const)
  test(`whatever its container made of it, it is what it was (${way})`, async () => {
    await here('link property add dev card altname card-at-the-wall');
    const before = await details();
    await world.run(domainXml({ name: 'hostile' }));
    const path = `${world.host}/hostdev.xml`;
    await writeFile(path, hostdev());
    await virsh('attach-device', 'hostile', path, '--live');
    for (const line of [
      // The names of others on the host, words of ip, and a twin of its name and address.
      'set card down',
      'property del dev card altname card-at-the-wall',
      'property add dev card altname beyond altname virbr0',
      'add link card name over type macvlan',
      'set dev over up',
      'set dev card name down',
      'set dev down arp off multicast off allmulticast on promisc on txqueuelen 7 alias mine mode dormant',
      `add card address ${MAC} type veth peer name twin`,
    ])
      await inside('hostile', `ip link ${line}`);
    if (way === 'detached') {
      await virsh('detach-device', 'hostile', path, '--live');
      const left = await inside('hostile', 'ip -oneline link');
      assert.match(left, /: card@twin/);
      assert.doesNotMatch(left, /over|down@/);
    } else await world.client.domains.destroy({ domain: 'hostile' });
    await isBack();
    assert.equal(await details(), before);
  });

test('a link that came to its name meanwhile stays what it is', async () => {
  await world.run(withLink('one'));
  await here('link add card mtu 1280 type veth peer name stranger');
  const [, mac = ''] = /link\/ether (\S+)/.exec(await here('link show dev card')) ?? [];
  await world.client.domains.destroy({ domain: 'one' });
  assert.match(await here('link show dev card'), new RegExp(`mtu 1280[\\s\\S]*${mac}`));
  assert.match(await here('link show dev card.1'), new RegExp(`,UP[\\s\\S]*mtu 1400[\\s\\S]*${MAC}`));
  assert.match(
    world.log,
    /the link card of the host is back as card\.1: another link has its name meanwhile/,
  );
  await here('link delete stranger');
});

test('what a daemon wrote that was killed before it handed a link over keeps that from nobody', async () => {
  await world.run(domainXml({ name: 'live' }));
  const path = `${world.host}/hostdev.xml`;
  await writeFile(path, hostdev());
  await virsh('attach-device', 'live', path, '--live');
  const written = await readFile(`${world.root}/run/lent-links/card`, 'utf8');
  await virsh('detach-device', 'live', path, '--live');
  await world.kill();
  await writeFile(`${world.root}/run/lent-links/card`, written);
  await world.start();
  await world.run(withLink('other'));
  await isGone();
});

test('what a daemon wrote before the host was started anew says nothing of its links', async () => {
  await world.stop();
  const path = `${world.root}/run/lent-links/card`;
  const domain = '8509a1d4-1569-4467-8b37-4e433a1ac7b1';
  const link = { name: 'card', index: 3, kind: 'veth', mac: '02:00:00:00:77:44', permanentMac: '' };
  const state = { mtu: 1300, flags: 0, queueLength: 1000, mode: 0, alias: '', altNames: [], isUp: false };
  await writeFile(path, JSON.stringify({ host: 'another-boot@1', domain, ...link, ...state }));
  // Nor does what no daemon wrote.
  await writeFile(`${world.root}/run/lent-links/beyond`, '{"host":');
  await mkdir(`${world.root}/run/lent-links/folder`);
  await world.start();
  await isBack();
  await world.run(withLink('later'));
  await isGone();
  await world.client.domains.destroy({ domain: 'later' });
  await isBack();
  for (const name of ['beyond', 'folder'])
    await rm(`${world.root}/run/lent-links/${name}`, { recursive: true });
});

test('what the host needs, it keeps', async () => {
  await world.define(withLink('wants'));
  const why = async (code: 'in-use' | 'not-found') => {
    const { message } = await refused(code, world.client.domains.start({ domain: 'wants' }));
    await isBack();
    return message;
  };
  await here('address add 10.96.1.1/24 dev card');
  assert.match(await why('in-use'), /the host has addresses on it/);
  await here('address flush dev card scope global');
  await here('route add 10.96.2.0/24 dev card');
  assert.match(await why('in-use'), /the host has routes by it/);
  await here('route delete 10.96.2.0/24 dev card');
  await here('route add default dev card metric 77');
  assert.match(await why('in-use'), /the host has routes by it/);
  await here('route delete default dev card metric 77');
  await here('link add over type bridge');
  await here('link set card master over');
  assert.match(await why('in-use'), /it is a port of over/);
  await here('link delete over');
  await here('link add link card name over type macvlan');
  assert.match(await why('in-use'), /over lies on it/);
  await here('link delete over');
  // What lies on it in another container, and a network's only way out.
  await world.run(
    domainXml({
      name: 'shares',
      interfaces: [
        "<interface type='direct'><source dev='card' mode='bridge'/><ip address='10.96.0.7' prefix='24'/></interface>",
      ],
    }),
  );
  assert.match(await why('in-use'), /domain 'shares' has a link that lies on it/);
  await world.erase('shares');
  await world.client.networks.define({
    body: "<network><name>out</name><forward mode='nat' dev='card'/><ip address='10.96.3.1' prefix='24'/></network>",
  });
  await world.client.networks.start({ network: 'out' });
  assert.match(await why('in-use'), /the members of network 'out' leave by it/);
  await world.eraseNetworks();
  await world.client.domains.undefine({ domain: 'wants', storage: true });
  await world.define(withLink('wants', undefined, hostdev('nowhere')));
  assert.match(await why('not-found'), /no link 'nowhere'/);
  await refused('invalid', world.define(withLink('twice', undefined, hostdev() + hostdev())));
});
