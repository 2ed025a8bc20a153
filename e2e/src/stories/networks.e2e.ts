// Domains on networks of ours: an address before init runs, names, the way out through NAT, and all of it without a daemon, too.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chance, seed } from '../world/chance.js';
import { domainXml } from '../world/documents.js';
import { beyond, type OtherHost, otherHost } from '../world/other-host.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
let other: OtherHost | undefined;
before(async () => {
  world = await World.open();
});
afterEach(async () => {
  await world.eraseAll();
  await world.eraseNetworks();
  await other?.[Symbol.asyncDispose]();
  other = undefined;
  await world.assertClean();
});
after(() => world.close());

const onNetwork = (network: string, more = '') =>
  `<interface type='network'><source network='${network}'/>${more}</interface>`;
const member = (name: string, network = 'default', more = '') =>
  domainXml({ name, interfaces: [onNetwork(network, more)] });

const lan = (third: number, more = '') =>
  `<network><name>lan</name><forward mode='nat'/>${more}<domain name='lan.example'/>
  <ip address='10.99.${third}.1' prefix='24'><dhcp><range start='10.99.${third}.10' end='10.99.${third}.99'/></dhcp></ip>
  <ip family='ipv6' address='fd00:99:${third}::1' prefix='64'><dhcp><range start='fd00:99:${third}::10' end='fd00:99:${third}::99'/></dhcp></ip></network>`;

test('a domain on the default network has its address at once, and reaches who knows no way back', async () => {
  const looking = ['/bin/sh', '-c', 'ip -4 address show dev eth0 >/first; exec /bin/sleep infinity'];
  const { domain } = await world.define(
    domainXml({ name: 'one', program: looking, interfaces: [onNetwork('default')] }),
  );
  const [address = ''] = domain.addresses;
  assert.match(address, /^192\.168\.\d+\.2$/);
  assert.equal((await world.client.networks.info({ network: 'default' })).active, false);
  await world.client.domains.start({ domain: 'one' });
  const network = await world.client.networks.info({ network: 'default' });
  assert.deepEqual([network.active, network.members], [true, 1]);
  // What init itself saw: nothing had asked for it.
  assert.match(await world.shell('one', 'cat /first'), new RegExp(`inet ${address}/24`));
  const gateway = address.replace(/\.2$/, '.1');
  assert.match(await world.shell('one', 'ip route'), new RegExp(`default via ${gateway} dev eth0`));
  assert.equal(await world.shell('one', 'cat /etc/resolv.conf'), `nameserver ${gateway}`);
  await world.run(member('two'));
  assert.match(await world.shell('one', 'nslookup two'), new RegExp(address.replace(/\.2$/, '\\.3')));
  await world.shell('one', 'ping -c 1 -W 3 two');
  other = await otherHost(world.enclosure);
  const { there } = other;
  const serving = there('/bin/sh', '-c', 'echo beyond | timeout 20 /bin/busybox nc -l -p 8080');
  const heard = await waitFor('the host beyond to answer', async () => {
    const { stdout } = await world.exec('one', '/bin/sh', '-c', `nc -w 3 ${beyond.address} 8080 </dev/null`);
    return stdout.includes('beyond') ? stdout : undefined;
  });
  assert.equal(heard.trim(), 'beyond');
  await serving;
  // A client of DHCP inside ends where it began.
  const asked = await world.shell('one', 'udhcpc -i eth0 -n -q -f -t 5 -s /bin/true 2>&1');
  assert.match(asked, new RegExp(`lease of ${address} obtained`));
  const leases = await world.client.networks.leases({ network: 'default' });
  assert.deepEqual(leases.map((lease) => [lease.address, lease.domain, lease.hostname]).sort(), [
    [address, 'one', 'one'],
    [address.replace(/\.2$/, '.3'), 'two', 'two'],
  ]);
  await world.client.domains.destroy({ domain: 'one' });
  await world.client.domains.start({ domain: 'one' });
  assert.match(await world.shell('one', 'ip -4 address show dev eth0'), new RegExp(`inet ${address}/24`));
});

test('both families, the domain of the DNS, a fixed address by name, and a link that comes live', async () => {
  await world.client.networks.define({ body: lan(1) });
  await world.client.networks.start({ network: 'lan' });
  await world.run(member('six', 'lan'));
  await world.run(member('fixed', 'lan', "<ip address='10.99.1.200' prefix='24'/>"));
  // Nobody else has the address: nothing waits for the kernel to look for him.
  const shown = await world.shell('six', 'ping -c 1 -W 1 fd00:99:1::1 >&2 && ip address show dev eth0');
  assert.doesNotMatch(shown, /scope global tentative/);
  assert.match(await world.shell('six', 'ip -6 route'), /default via fd00:99:1::1 dev eth0/);
  assert.match(shown, /inet 10\.99\.1\.10\/24/);
  assert.match(shown, /inet6 fd00:99:1::10\/64/);
  assert.match(
    await world.shell('six', 'cat /etc/resolv.conf'),
    /^search lan\.example\nnameserver 10\.99\.1\.1\nnameserver fd00:99:1::1$/,
  );
  assert.match(await world.shell('six', 'nslookup -type=a fixed.lan.example'), /10\.99\.1\.200/);
  await world.shell('six', 'ping -c 1 -W 3 fixed');
  const path = `${world.host}/link.xml`;
  await writeFile(path, onNetwork('lan', "<mac address='52:54:00:99:00:02'/>"));
  const virsh = (...args: string[]) => world.enclosure.output('virsh', '-c', world.uri('lxc'), ...args);
  await virsh('attach-device', 'six', path, '--live');
  const { addresses } = await world.client.domains.summary({ domain: 'six' });
  assert.ok(addresses.includes('10.99.1.11'), addresses.join());
  assert.match(await world.shell('six', 'ip -4 address show dev eth1'), /inet 10\.99\.1\.11\/24/);
});

test('a killed daemon leaves it working, and the next one goes on with it', async () => {
  await world.client.networks.define({ body: lan(2) });
  await world.client.networks.start({ network: 'lan' });
  await world.run(member('one', 'lan'));
  await world.run(member('two', 'lan'));
  const dnsmasq = () => world.processes().filter((line) => line.includes('dnsmasq'));
  const before = dnsmasq();
  // Not by a session of the daemon's, which ends with it.
  const line =
    '(for n in 1 2 3 4 5 6 7 8 9; do ping -c 1 -W 2 10.99.2.11 || break; sleep 0.2; done; echo "$n" >/done) >/dev/null 2>&1 &';
  await world.shell('one', line);
  await world.kill();
  await world.start();
  const tries = await waitFor('the end of the pings', async () => {
    const { status, stdout } = await world.exec('one', 'cat', '/done');
    return status === 0 ? stdout.trim() : undefined;
  });
  assert.equal(tries, '9');
  assert.deepEqual(dnsmasq(), before);
  assert.equal((await world.client.networks.info({ network: 'lan' })).members, 2);
  await world.run(member('three', 'lan'));
  await world.shell('one', 'ping -c 1 -W 3 three');
  // What somebody has taken away meanwhile is there again.
  await world.kill();
  const bridge = (await world.enclosure.links()).find((name) => name.startsWith('virbr')) ?? '';
  await world.enclosure.output('ip', 'link', 'delete', bridge);
  await world.start();
  await world.shell('one', 'ping -c 1 -W 5 two');
  // Also where a daemon looks on.
  await world.enclosure.output('ip', 'link', 'delete', bridge);
  await waitFor('the bridge to be there again', async () => {
    return (await world.exec('one', 'ping', '-c', '1', '-W', '1', 'two')).status === 0;
  });
  assert.match(world.log, /network 'lan' lost its bridge: it is put back/);
});

test('links are plugged in again when their network starts, and nobody undefines it under them', async () => {
  await world.client.networks.define({ body: lan(3) });
  await refused('wrong-state', world.run(member('early', 'lan')));
  await world.client.networks.start({ network: 'lan' });
  await world.run(member('one', 'lan'));
  await world.run(member('two', 'lan'));
  const { message } = await refused('in-use', world.client.networks.undefine({ network: 'lan' }));
  assert.match(message, /domain 'one' and 1 more run on network 'lan'/);
  await world.client.networks.stop({ network: 'lan' });
  const [address = ''] = (await world.client.domains.summary({ domain: 'two' })).addresses;
  assert.notEqual((await world.exec('one', 'ping', '-c', '1', '-W', '1', address)).status, 0);
  await world.client.networks.start({ network: 'lan' });
  await world.shell('one', 'ping -c 1 -W 3 two');
  await world.client.networks.stop({ network: 'lan' });
  await world.client.domains.destroy({ domain: 'two' });
  const stopped = await refused('wrong-state', world.client.domains.start({ domain: 'two' }));
  assert.match(stopped.message, /network 'lan' does not run: `ctvirt network start lan`/);
});

test('networks on what the host has: a bridge of its own, and a link that is shared', async () => {
  const here = (line: string) => world.enclosure.output('ip', ...line.split(' '));
  await here('link add hostbr type bridge');
  await here('address add 10.98.0.1/24 dev hostbr');
  await here('link set hostbr up');
  await here('link add shared type veth peer name peer');
  for (const name of ['shared', 'peer']) await here(`link set ${name} up`);
  await here('address add 10.98.1.1/24 dev peer');
  try {
    const { networks } = world.client;
    const shaped =
      "<portgroup name='slow' default='yes'><bandwidth><inbound average='125'/></bandwidth></portgroup>";
    await networks.define({
      body: `<network><name>bridged</name><forward mode='bridge'/><bridge name='hostbr'/>${shaped}</network>`,
    });
    await networks.define({
      body: "<network><name>macvlan</name><forward dev='shared' mode='private'/></network>",
    });
    for (const network of ['bridged', 'macvlan']) await networks.start({ network });
    const interfaces = [
      onNetwork('bridged', "<ip address='10.98.0.5' prefix='24'/>"),
      onNetwork('macvlan', "<ip address='10.98.1.5' prefix='24'/>"),
    ];
    await world.run(domainXml({ name: 'both', interfaces }));
    await world.shell('both', 'ping -c 1 -W 3 10.98.0.1');
    await world.shell('both', 'ping -c 1 -W 3 10.98.1.1');
    const [bridged, shared] = await Promise.all(
      ['bridged', 'macvlan'].map((network) => networks.info({ network })),
    );
    assert.deepEqual([bridged?.forward, bridged?.bridge, bridged?.members], ['bridge', 'hostbr', 1]);
    assert.deepEqual([shared?.forward, shared?.bridge, shared?.members], ['private', null, 1]);
    const port = (await here('-o link show master hostbr')).split(/[ :@]+/)[1] ?? '';
    // As far as the kernel can do it.
    if (!world.log.includes('eth0 is not limited'))
      assert.match(await world.enclosure.output('tc', 'qdisc', 'show', 'dev', port), /tbf .*rate 1Mbit/);
    const live = await world.client.domains.xml({ domain: 'both' });
    assert.match(live, /<source network='macvlan' dev='shared' mode='private'\/>/);
    await world.erase('both');
  } finally {
    await here('link delete hostbr');
    await here('link delete shared');
  }
});

test(`a daemon that is killed at any moment leaves nothing without an owner (CTVIRT_SEED=${seed})`, async () => {
  const chance = new Chance(seed);
  let reachMs = 1000;
  for (let round = 0; round < 12; round++) {
    const began = performance.now();
    const work = wholeLife()
      .then(() => performance.now() - began)
      .catch(() => undefined);
    await sleep(chance.next() * reachMs);
    await world.kill();
    // On a busy machine the same takes longer.
    reachMs = (await work) ?? reachMs * 1.1;
    await world.start();
    const { client } = world;
    await waitFor(
      'nothing to be without an owner',
      async () => (await client.check.list()).stray.length === 0,
    );
    // What is there is whole: it can be had, and done away with.
    const domains = await client.domains.list();
    const [network] = (await client.networks.list()).filter(({ name }) => name === 'lan');
    if (network !== undefined && !network.active) await client.networks.start({ network: 'lan' });
    for (const { name, state } of domains) {
      if (state === 'shutoff') await client.domains.start({ domain: name });
      await world.shell(name, 'ping -c 1 -W 5 10.99.4.1');
    }
    await world.erase(...domains.map(({ name }) => name));
    if (network !== undefined) {
      await client.networks.stop({ network: 'lan' });
      await client.networks.undefine({ network: 'lan' });
    }
    await world.assertClean();
  }
});

/** All that becomes of a network and a domain on it, one after the other. */
async function wholeLife(): Promise<void> {
  const { networks, domains } = world.client;
  await networks.define({ body: lan(4) });
  await networks.start({ network: 'lan' });
  await world.run(member('one', 'lan'));
  await domains.destroy({ domain: 'one' });
  await domains.undefine({ domain: 'one', storage: true });
  await networks.stop({ network: 'lan' });
  await networks.undefine({ network: 'lan' });
}
