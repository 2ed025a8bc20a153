// Walls on the wire: what a container says there that is not its to say reaches neither the host nor its neighbours.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { hostAddress } from '../world/enclosure.js';
import { Rogue } from '../world/rogue.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
let rogue: Rogue;
before(async () => {
  world = await World.open();
  rogue = await Rogue.in(world.host);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await world.clear();
  // But for their accounts, which a domain that comes again goes on with.
  const told = (await rules()).replaceAll(
    /(flags dynamic(?:,timeout\n\s+timeout \w+)?)\n\s+elements = \{[^}]*\}/g,
    '$1',
  );
  assert.doesNotMatch(told, /"cv|"ve-/, 'of links that are gone no rule says anything');
});
after(() => world.close());

const stops: (() => Promise<void>)[] = [];
const rules = () => world.enclosure.output('nft', 'list', 'ruleset');
const routed = (addresses: readonly string[], more = '') =>
  `<interface type='ethernet'>${more}${addresses.map((address) => `<ip address='${address}'/>`).join('')}</interface>`;

const own = { own4: '192.168.7.66', own6: '2001:db8:7::66' };
const near = { near4: '192.168.7.77', near6: '2001:db8:7::77' };
const host = { host4: hostAddress.v4, host6: hostAddress.v6 };
const everything = 'advertisement,hidden,redirect,strangers,crowd,claims,leases,faces,tagged';

const domain = (name: string, program: readonly string[], ...interfaces: readonly string[]) =>
  domainXml({ name, program, interfaces, filesystems: [templateRoot, rogue.filesystem] });
const hostEnd = async () => (await world.enclosure.links()).find((name) => /^cv.*\.0$/.test(name)) ?? '';
const macOf = async (link: string) =>
  /link\/ether (\S+)/.exec(await world.enclosure.output('ip', '-o', 'link', 'show', link))?.[1] ?? '';

/** What comes to the host by UDP, from now on: `SENDER PORT TEXT` each. */
async function hostHears(ports = '9999,67,68,546'): Promise<() => string[]> {
  const folder = `${world.host}/heard`;
  await mkdir(folder, { recursive: true });
  const file = `${folder}/${stops.length}-${performance.now()}`;
  const [program = '', ...args] = world.enclosure.argv(...rogue.onHost('hear', { ports, file }));
  const listener: ChildProcess = spawn(program, args, { stdio: 'ignore', detached: true });
  stops.push(async () => {
    const gone = new Promise((resolve) => listener.once('exit', resolve));
    process.kill(-(listener.pid ?? assert.fail('no listener')), 'SIGKILL');
    await gone;
  });
  await waitFor(
    'the listener',
    () => existsSync(file) && lines(readFileSync(file, 'utf8'), true).length === ports.split(',').length,
  );
  return () => lines(readFileSync(file, 'utf8'));
}

const lines = (text: string, isReady = false): string[] =>
  text.split('\n').filter((line) => line !== '' && line.startsWith('ready') === isReady);

/** A neighbour that listens, and what it has heard. */
async function neighbour(link: string): Promise<() => Promise<string[]>> {
  await world.run(domain('near', rogue.inside('hear', { ports: '9999,68,546', file: '/heard' }), link));
  const heard = async () => await world.shell('near', '[ ! -e /heard ] || cat /heard');
  await waitFor('the neighbour', async () => lines(await heard(), true).length === 3);
  return async () => lines(await heard());
}

const forward = async (value: 0 | 1) =>
  void (await world.enclosure.output(
    'sysctl',
    '-qw',
    `net.ipv4.ip_forward=${value}`,
    `net.ipv6.conf.all.forwarding=${value}`,
  ));

const done = (name: string) =>
  waitFor('all to be said', async () => (await world.exec(name, 'test', '-e', '/said')).status === 0);

const fromAny = async () => ({
  routes: (await world.enclosure.output('ip', '-6', 'route')).match(/.*proto ra.*|^default.*/gm) ?? [],
  prefixes: (await world.enclosure.output('ip', '-6', 'address')).match(/2001:db8:bad\S*/g) ?? [],
  neighbours: (await world.enclosure.output('ip', 'neigh', 'show')).match(/10\.9\.|bad|192\.0\.2/g) ?? [],
  redirects: (
    await world.enclosure.output('grep', '-hE', 'Icmp:|Icmp6InRedirects', '/proc/net/snmp', '/proc/net/snmp6')
  ).replace(/^Icmp: In.*\n/m, ''),
});
const nothing = { routes: [], prefixes: [], neighbours: [] };

function assertDeaf({ redirects, ...taken }: Awaited<ReturnType<typeof fromAny>>): void {
  assert.deepEqual(taken, nothing);
  const received = redirects.split(/\s+/)[8];
  assert.equal(received, '0', redirects);
  assert.match(redirects, /Icmp6InRedirects\s+0$/m);
}

for (const forwarding of [0, 1] as const)
  for (const addresses of [[own.own4], [own.own4, own.own6]])
    test(`routed: from its first instruction on, ${addresses.join(' and ')}, forwarding ${forwarding}`, async () => {
      await forward(forwarding);
      const heard = await hostHears();
      const near6 = await neighbour(routed([near.near4, near.near6]));
      const parts = { ...own, ...near, ...host, times: 2 };
      await world.run(domain('rogue', rogue.inside(everything, parts), routed(addresses)));
      await done('rogue');
      assertDeaf(await fromAny());
      assert.deepEqual(heard(), [], 'the host');
      assert.deepEqual(await near6(), [], 'the neighbour');
    });

test('routed: nothing forged passes through the host that forwards, and what is honest does', async () => {
  await forward(1);
  const heard = await hostHears();
  const near4 = await neighbour(routed([near.near4, near.near6]));
  await world.run(domain('rogue', ['/bin/sleep', 'infinity'], routed([own.own4, own.own6])));
  const peer = await macOf((await world.enclosure.links()).filter((name) => /^cv.*\.0$/.test(name))[1] ?? '');
  const other = await macOf(await hostEnd());
  for (const mac of [peer, other]) {
    const argv = rogue.inside(`${everything},honest`, { ...own, ...near, ...host, peer: mac, leave: 1 });
    const { status, stderr } = await world.exec('rogue', ...argv);
    assert.equal(status, 0, stderr);
  }
  const honest = ['0:0:0:0:0:ffff:c0a8:742 9999 honest', '2001:db8:7:0:0:0:0:66 9999 honest'];
  await waitFor('what is honest', async () => heard().length >= 2 && (await near4()).length >= 2);
  assert.deepEqual([...new Set(heard())].sort(), honest);
  assert.deepEqual([...new Set(await near4())].sort(), honest);
  assertDeaf(await fromAny());
});

const change = (how: 'attach' | 'detach') => async (name: string, link: string) => {
  const file = `${world.host}/link.xml`;
  await writeFile(file, link);
  const changed = await run(['virsh', '-c', world.uri('ctvirt'), `${how}-device`, name, file, '--live']);
  assert.equal(changed.status, 0, changed.stderr);
};
const attach = change('attach');
const detach = change('detach');

test('routed: a link attached to a running domain is no hole, and its addresses may be used by either link', async () => {
  await forward(0);
  const heard = await hostHears();
  const argv = rogue.inside(everything.replace(',faces', ''), {
    dev: 'eth1',
    ...own,
    ...near,
    ...host,
    times: 2,
  });
  await world.run(domain('rogue', argv, routed(['192.168.7.65', '2001:db8:7::65'])));
  await attach('rogue', routed([own.own4, own.own6]));
  await done('rogue');
  assertDeaf(await fromAny());
  assert.deepEqual(heard(), []);
  // But for `faces` above, by which it would make itself unreachable.
  for (const address of ['192.168.7.65', own.own4, '2001:db8:7::65', own.own6])
    await waitFor(`an answer of ${address}`, async () => {
      const { status } = await world.enclosure.run(['busybox', 'ping', '-c', '1', '-W', '1', address]);
      return status === 0;
    });
});

/** Exchanges the names of the container's two links, or puts another one in the second's place. */
const disguises = {
  exchanged:
    'ip link set dev eth0 name other && ip link set dev eth1 name eth0 && ip link set dev other name eth1',
  hidden: 'ip link set dev eth1 name hid && ip link add eth1 type veth',
};

for (const [how, line] of Object.entries(disguises))
  test(`a link that the container has ${how} by its name goes when it is detached, and no hole stays`, async () => {
    await forward(0);
    await world.run(domain('rogue', ['/bin/sleep', 'infinity'], routed([own.own4])));
    const link = routed(['192.168.7.65'], "<mac address='52:54:00:77:77:01'/>");
    const before = new Set(await world.enclosure.links());
    await attach('rogue', link);
    const [end = assert.fail('no link came')] = (await world.enclosure.links()).filter(
      (name) => !before.has(name),
    );
    await world.shell(
      'rogue',
      `ip link set eth0 down && ip link set eth1 down && ${line} && ip link set eth0 up`,
    );
    await detach('rogue', link);
    assert.ok(!(await world.enclosure.links()).includes(end), `${end} is still there`);
    assert.ok((await world.enclosure.links()).some((name) => before.has(name) && /^cv.*\.0$/.test(name)));
    assert.doesNotMatch(await rules(), new RegExp(end));
    await writeFile(`${world.host}/link.xml`, link);
    const again = ['attach-device', 'rogue', `${world.host}/link.xml`, '--live'];
    const { stderr } = await run(['virsh', '-c', world.uri('ctvirt'), ...again]);
    assert.match(stderr, /the container has a link named eth1 already/);
  });

test('the wall comes back when somebody empties the host’s ruleset, and outlives the daemon', async () => {
  await forward(0);
  const heard = await hostHears();
  const saying = rogue.inside('strangers,honest', { ...own, ...near, ...host, leave: 1 });
  const always = ['/bin/sh', '-c', 'while "$@"; do sleep 0.1; done', 'sh', ...saying];
  await world.run(domain('rogue', always, routed([own.own4, own.own6])));
  const forged = () => heard().filter((line) => line.includes('forged')).length;
  /** Resolves when it has said everything again, and nothing of an earlier round is under way. */
  const rounds = async () => {
    const until = heard().length + 8;
    await waitFor('more to be said', () => heard().length >= until);
  };
  await rounds();
  assert.equal(forged(), 0);
  const pid = world.daemonPid;
  process.kill(pid, 'SIGSTOP');
  try {
    await world.enclosure.output('nft', 'flush', 'ruleset');
    await waitFor('a hole', () => forged() > 0);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await waitFor('the wall', async () => (await rules()).includes('table bridge'));
  await rounds();
  const before = forged();
  await rounds();
  await world.kill();
  assert.match(await rules(), /192\.168\.7\.66/);
  await rounds();
  await world.start();
  await rounds();
  assert.equal(forged(), before);
  assert.match(await rules(), /192\.168\.7\.66/);
  await world.erase('rogue');
  await world.kill();
  assert.match(await rules(), /table inet/, 'a killed daemon takes nothing away');
  await world.start();
  assert.equal(await rules(), '', 'the next one does, when nothing runs');
});

test('no wall is built around a link of the host’s own, nor around one that is another domain’s', async () => {
  const named = (name: string, dev: string, address: string) =>
    domainXml({ name, interfaces: [routed([address], `<target dev='${dev}'/>`)] });
  await world.define(named('greedy', 'lo', '192.168.7.1'));
  await refused('exists', world.client.domains.start({ domain: 'greedy' }));
  assert.doesNotMatch(await rules(), /"lo"/);
  await world.run(named('first', 've-one', '192.168.7.2'));
  await world.define(named('second', 've-one', '192.168.7.3'));
  const before = await rules();
  await refused('exists', world.client.domains.start({ domain: 'second' }));
  assert.equal(await rules(), before);
});

const onBridge = (last: number, more = '') => `<interface type='bridge'${more}><source bridge='br-e2e'/>
  <ip address='10.77.0.${last}' prefix='24'/><ip address='2001:db8:77::${last}' family='ipv6' prefix='64'/></interface>`;

/** A bridge the host has addresses on. */
async function withBridge(use: () => Promise<void>): Promise<void> {
  const ip = (...args: string[]) => world.enclosure.output('ip', ...args);
  await ip('link', 'add', 'br-e2e', 'address', '02:00:00:00:00:01', 'type', 'bridge');
  try {
    await ip('address', 'add', '10.77.0.1/24', 'dev', 'br-e2e');
    await ip('address', 'add', '2001:db8:77::1/64', 'dev', 'br-e2e', 'nodad');
    await ip('link', 'set', 'br-e2e', 'up');
    await use();
    await world.eraseAll();
  } finally {
    await ip('link', 'delete', 'br-e2e');
  }
}
const onBridgeParts = {
  ...{ own4: '10.77.0.66', near4: '10.77.0.77', host4: '10.77.0.1' },
  ...{ own6: '2001:db8:77::66', near6: '2001:db8:77::77', host6: '2001:db8:77::1' },
};

for (const isLive of [false, true])
  test(`bridge: neither host nor neighbour takes in what a ${isLive ? 'link attached to a running domain' : 'container'} forges`, async () => {
    await forward(0);
    await withBridge(async () => {
      const heard = await hostHears();
      const near4 = await neighbour(onBridge(77));
      // Who knows an address already can be told another.
      for (const address of ['10.77.0.1', '2001:db8:77::1'])
        await waitFor('an answer of the host', async () => {
          const { status } = await world.exec('near', 'ping', '-c', '1', '-W', '1', address);
          return status === 0;
        });
      const program = rogue.inside(`${everything},starves,honest`, { ...onBridgeParts, times: 2 });
      await world.run(domain('rogue', program, ...(isLive ? [] : [onBridge(66)])));
      if (isLive) await attach('rogue', onBridge(66));
      await done('rogue');
      await waitFor('what is honest', () => heard().some((line) => line.includes('honest')));
      assertDeaf(await fromAny());
      const said = [...heard(), ...(await near4())];
      assert.deepEqual(
        said.filter((line) => !/^(0:0:0:0:0:ffff:a4d:42|2001:db8:77:0:0:0:0:66) 9999 honest$/.test(line)),
        [],
      );
      const seen = await world.shell('near', 'ip -6 route; ip -6 address; ip neigh');
      assert.doesNotMatch(seen, /bad|default|10\.9\./);
      const bridge = await macOf('br-e2e');
      assert.match(seen, new RegExp(`10\\.77\\.0\\.1 dev eth0 lladdr ${bridge}`));
      assert.match(seen, new RegExp(`2001:db8:77::1 dev eth0 lladdr ${bridge}`));
      assert.doesNotMatch(await world.enclosure.output('bridge', 'fdb', 'show', 'br', 'br-e2e'), /02:ba:ad/);
    });
  });

/** With what a document may leave out: everything, nothing of IPv4 alone, and nothing at all. */
const thieves = {
  bound: onBridge(66),
  half: "<interface type='bridge'><source bridge='br-e2e'/><ip address='10.77.0.67' prefix='24'/></interface>",
  open: "<interface type='bridge'><source bridge='br-e2e'/></interface>",
};

test('bridge: a container keeps no address from others, takes none, and is no router to the bridge', async () => {
  await forward(0);
  await withBridge(async () => {
    const ip = (...args: string[]) => world.enclosure.output('ip', ...args);
    const neighbours = { near6: '2001:db8:77::5', near4: '10.77.0.5', host6: near77.v6, host4: near77.v4 };
    // The host looks for others that have it as soon as the first port is there.
    await ip('address', 'add', '2001:db8:77::5/64', 'dev', 'br-e2e');
    await ip('address', 'add', '10.77.0.5/24', 'dev', 'br-e2e');
    await world.define(domain('near', rogue.inside('watches', { file: '/watched' }), onBridge(77)));
    const routers = ['queries', 'greetings', 'discoveries', 'pieces', 'signed'];
    for (const [last, [name, link]] of Object.entries(thieves).entries()) {
      const own4 = `10.77.0.${66 + last}`;
      const program = rogue.inside(`${routers.join()},claims,denials,claims`, {
        ...onBridgeParts,
        ...neighbours,
        own4,
      });
      await world.run(domain(name, program, link));
    }
    await world.client.domains.start({ domain: 'near' });
    for (const name of Object.keys(thieves)) await done(name);
    const addresses = async () =>
      `${await ip('-6', 'address', 'show', 'dev', 'br-e2e')}${await world.shell('near', 'ip -6 address')}`;
    await waitFor('the looks to be over', async () => !/tentative(?! dadfailed)/.test(await addresses()));
    assert.doesNotMatch(await addresses(), /dadfailed/);
    const groups = await world.enclosure.output('bridge', '-d', 'mdb', 'show', 'dev', 'br-e2e');
    assert.doesNotMatch(groups, /router ports/);
    assert.doesNotMatch(await world.shell('near', 'cat /watched'), /^0\.0\.0\.0 10\.77\.0\.(5|77)$/m);
    const heard = await hostHears();
    // Who knows an address already can be told another.
    for (const address of ['10.77.0.5', '2001:db8:77::5']) await answers('near', address);
    for (const name of ['half', 'open']) {
      await world.exec(name, ...rogue.inside('claims', { ...onBridgeParts, ...neighbours, leave: 1 }));
      await world.exec(name, ...rogue.inside('strangers', { ...onBridgeParts, leave: 1 }));
    }
    await waitFor('strangers', () => heard().some((line) => line.startsWith('2001:db8:0:0:0:0:0:9 ')));
    const strangers = heard().filter((line) => line.startsWith('2001:db8:0:0:0:0:0:9 '));
    assert.equal(strangers.length, 1, 'the second comes too late');
    assert.doesNotMatch(heard().join('\n'), /a4d:4d|2001:db8:77:0:0:0:0:77/, 'in the name of a neighbour');
    const bridge = await macOf('br-e2e');
    const seen = await world.shell('near', 'ip neigh');
    assert.match(seen, new RegExp(`10\\.77\\.0\\.5 dev eth0 lladdr ${bridge}`));
    assert.match(seen, new RegExp(`2001:db8:77::5 dev eth0 lladdr ${bridge}`));
    const own = (await world.shell('near', 'cat /sys/class/net/eth0/address')).trim();
    const known = await ip('neigh', 'show', 'dev', 'br-e2e');
    for (const address of Object.values(near77))
      assert.match(known, new RegExp(`^${address} lladdr ${own}`, 'm'));
  });
});
const near77 = { v4: '10.77.0.77', v6: '2001:db8:77::77' };

const answers = async (name: string, address: string, ...more: readonly string[]) =>
  await waitFor(`an answer of ${address} to ${name}`, async () => {
    const { status } = await world.exec(name, 'ping', '-c', '1', '-W', '1', ...more, address);
    return status === 0;
  });

test('bridge: nobody is taken for a router of the host’s', async () => {
  await withBridge(async () => {
    const ip = (...args: string[]) => world.enclosure.output('ip', ...args);
    await ip('route', 'add', '198.51.100.0/24', 'via', '10.77.0.254');
    await ip('-6', 'route', 'add', '2001:db8:ffff::/48', 'via', 'fe80::254', 'dev', 'br-e2e');
    const several = ['nexthop', 'via', '10.77.0.253', 'nexthop', 'via', '10.77.0.252'];
    await ip('route', 'add', '203.0.113.0/24', 'table', '77', ...several);
    await ip('route', 'add', '192.0.2.0/24', 'via', 'inet6', 'fe80::253', 'dev', 'br-e2e');
    const fixed = ['10.77.0.250', 'lladdr', '02:00:00:00:00:51', 'dev', 'br-e2e', 'nud', 'permanent'];
    await ip('neigh', 'add', ...fixed);
    const routers = ['10.77.0.254', '10.77.0.253', '10.77.0.252', '10.77.0.251', 'fe80::254', 'fe80::253'];
    // Nobody's, which one without an address may have: so that this test can fail.
    const free = '10.77.0.200';
    const six = { host6: 'fe80::254', near6: 'fe80::253' };
    const pairs = [
      { host4: '10.77.0.254', near4: '10.77.0.253', ...six },
      { host4: '10.77.0.252', near4: '10.77.0.251', ...six },
      { host4: free, near4: '10.77.0.250', ...six },
    ];
    const claims = pairs.map((pair) =>
      rogue
        .inside('claims', { ...onBridgeParts, ...pair, leave: 1 })
        .map((word) => `'${word}'`)
        .join(' '),
    );
    const always = ['/bin/sh', '-c', `while :; do ${claims.join('; ')}; done`];
    await world.run(domain('thief', always, thieves.open));
    // The kernel takes one only when a port is up, and the wall's look at the host comes after it.
    await ip('nexthop', 'add', 'id', '77', 'via', '10.77.0.251', 'dev', 'br-e2e');
    await waitFor('a look at the host', async () => (await rules()).includes('10.77.0.251'));
    const known = () => ip('neigh', 'show', 'dev', 'br-e2e');
    const ask = async () => {
      for (const address of [free, ...routers])
        await world.enclosure.run([
          'busybox',
          'ping',
          '-c',
          '1',
          '-W',
          '1',
          `${address}${address.startsWith('fe80') ? '%br-e2e' : ''}`,
        ]);
    };
    await waitFor('the thief', async () => {
      await ask();
      return (await known()).includes(`${free} lladdr`);
    });
    await ask();
    const seen = await known();
    for (const router of routers) assert.doesNotMatch(seen, new RegExp(`^${router} .*lladdr`, 'm'));
    assert.match(seen, /^10\.77\.0\.250 lladdr 02:00:00:00:00:51 PERMANENT/m);
  });
});

test('bridge: addresses drawn for privacy are a container’s own, as long as they are few', async () => {
  await withBridge(async () => {
    await world.run(domain('rogue', ['/bin/sleep', 'infinity'], onBridge(66)));
    const drawn = '2001:db8:77:0:a1b2:c3d4:e5f6:789a';
    await world.shell(
      'rogue',
      `ip link set eth0 down; echo 3 > /proc/sys/net/ipv6/conf/eth0/addr_gen_mode; ip link set eth0 up
       ip address add 2001:db8:77::66/64 dev eth0; ip address add ${drawn}/64 dev eth0`,
    );
    const inside = () => world.shell('rogue', 'ip -6 address show dev eth0');
    await waitFor(
      'its addresses',
      async () => /fe80::/.test(await inside()) && !/tentative/.test(await inside()),
    );
    const local = /fe80:[^/]+/.exec(await inside())?.[0] ?? assert.fail('no address of the link');
    assert.doesNotMatch(local, /ff:fe/, 'drawn');
    const host = /fe80:[^/]+/.exec(
      await world.enclosure.output('ip', '-6', 'address', 'show', 'dev', 'br-e2e'),
    );
    await answers('rogue', `${host?.[0]}%eth0`);
    await answers('rogue', onBridgeParts.host6, '-I', drawn);
    for (const address of [drawn, `${local}%br-e2e`]) {
      await world.enclosure.output('ip', '-6', 'neigh', 'flush', 'dev', 'br-e2e');
      const { status, stdout } = await world.enclosure.run([
        'busybox',
        'ping',
        '-c',
        '1',
        '-W',
        '3',
        address,
      ]);
      assert.equal(status, 0, stdout);
    }
    const { status } = await world.exec('rogue', ...rogue.inside('draws', { ...onBridgeParts, leave: 1 }));
    assert.equal(status, 0);
    const known = (await world.enclosure.output('ip', '-6', 'neigh', 'show', 'dev', 'br-e2e')).match(
      /^fe80:/gm,
    );
    assert.ok((known ?? []).length < 16, `the host took in ${known?.length} of 300`);
  });
});

test('bridge: a server of leases hears of a container now and then, of both families', async () => {
  await forward(0);
  await withBridge(async () => {
    const heard = await hostHears('67,547');
    await world.run(domain('rogue', ['/bin/sleep', 'infinity'], onBridge(66)));
    for (const address of ['10.77.0.1', '2001:db8:77::1']) await answers('rogue', address);
    const words = { ...onBridgeParts, peer: await macOf('br-e2e'), leave: 1 };
    const { status, stderr } = await world.exec('rogue', ...rogue.inside('begs', words));
    assert.equal(status, 0, stderr);
    const count = (at: number) => heard().filter((line) => line.includes(` ${at} `)).length;
    await waitFor('some of it', () => count(67) + count(547) >= 30);
    assert.ok(
      count(67) > 0 && count(547) > 0 && count(67) + count(547) < 40,
      `${count(67)} and ${count(547)}`,
    );
  });
});

test('bridge: what the document trusts may have other faces', async () => {
  await withBridge(async () => {
    const program = rogue.inside('faces', onBridgeParts);
    await world.run(domain('rogue', program, onBridge(66, " trustGuestRxFilters='yes'")));
    await done('rogue');
    assert.match(await world.enclosure.output('bridge', 'fdb', 'show', 'br', 'br-e2e'), /02:ba:ad/);
  });
});

const third = 5;
const gateway = { v4: `10.99.${third}.1`, v6: `fd00:99:${third}::1` };
const onNetwork = (network: string) => `<interface type='network'><source network='${network}'/></interface>`;

/** A network of ours with few addresses, and what it needs to be reached. */
async function withNetwork(use: () => Promise<void>): Promise<void> {
  const { networks } = world.client;
  const range = (start: string, end: string) => `<dhcp><range start='${start}' end='${end}'/></dhcp>`;
  await networks.define({
    body: `<network><name>lan</name><forward mode='nat'/><domain name='lan.example'/>
      <ip address='${gateway.v4}' prefix='24'>${range(`10.99.${third}.10`, `10.99.${third}.17`)}</ip>
      <ip family='ipv6' address='${gateway.v6}' prefix='64'>${range(`fd00:99:${third}::10`, `fd00:99:${third}::17`)}</ip></network>`,
  });
  try {
    await networks.start({ network: 'lan' });
    await use();
  } finally {
    await world.eraseAll();
    await networks.stop({ network: 'lan' });
    await networks.undefine({ network: 'lan' });
  }
}
/** Of the members in the order of their definition. */
const member4 = (at: number) => `10.99.${third}.${10 + at}`;
const member6 = (at: number) => `fd00:99:${third}::${10 + at}`;

test('network of ours: what a member forges nobody takes in, and it has its own addresses alone', async () => {
  await withNetwork(async () => {
    const heard = await hostHears('9999,68,546');
    const near4 = await neighbour(onNetwork('lan'));
    for (const address of Object.values(gateway)) await answers('near', address);
    // Its addresses are kept for it, and it has never run.
    await world.define(domainXml({ name: 'late', interfaces: [onNetwork('lan')] }));
    const parts = {
      ...{ own4: member4(2), near4: member4(0), host4: gateway.v4 },
      ...{ own6: member6(2), near6: member6(0), host6: gateway.v6 },
    };
    await world.run(
      domain('rogue', rogue.inside(`${everything},starves,honest`, { ...parts, times: 2 }), onNetwork('lan')),
    );
    await done('rogue');
    const lies = async (what: string) => {
      const words = { ...parts, near4: member4(1), near6: member6(1), leave: 1 };
      const { status, stderr } = await world.exec('rogue', ...rogue.inside(what, words));
      assert.equal(status, 0, stderr);
    };
    await lies('strangers,claims,denials');
    await waitFor('what is honest', () => heard().some((line) => line.includes('honest')));
    assertDeaf(await fromAny());
    const honest = new RegExp(`^(0:0:0:0:0:ffff:a63:50c|fd00:99:${third}:0:0:0:0:12) 9999 honest$`);
    assert.deepEqual(
      [...heard(), ...(await near4())].filter((line) => !honest.test(line)),
      [],
    );
    // What it is answered is for all to hear.
    await lies('clients');
    const leases = await world.client.networks.leases({ network: 'lan' });
    assert.deepEqual(
      leases.filter(({ domain: owner }) => owner === null),
      [],
    );
    const [link = ''] = (await world.enclosure.links()).filter((name) => name.startsWith('virbr'));
    const bridge = await macOf(link);
    const seen = await world.shell('near', 'ip -6 route; ip -6 address; ip neigh');
    assert.doesNotMatch(seen, /bad|10\.9\./);
    assert.match(seen, new RegExp(`${gateway.v4} dev eth0 lladdr ${bridge}`));
    assert.match(seen, new RegExp(`${gateway.v6} dev eth0 lladdr ${bridge}`));
    await world.client.domains.start({ domain: 'late' });
    for (const address of [gateway.v4, member4(0), gateway.v6, member6(0)]) await answers('late', address);
    // There is room for who comes next.
    await world.run(domainXml({ name: 'next', interfaces: [onNetwork('lan')] }));
    await answers('next', member6(1));
  });
});

test('network of ours: its names are for its members alone', async () => {
  const { networks } = world.client;
  await withNetwork(async () => {
    await networks.define({
      body: "<network><name>other</name><forward mode='nat'/><ip address='10.99.6.1' prefix='24'><dhcp><range start='10.99.6.10' end='10.99.6.17'/></dhcp></ip><ip family='ipv6' address='fd00:99:6::1' prefix='64'><dhcp><range start='fd00:99:6::10' end='fd00:99:6::17'/></dhcp></ip></network>",
    });
    await networks.start({ network: 'other' });
    try {
      const sleeping = ['/bin/sleep', 'infinity'];
      await world.run(domain('asks', sleeping, onNetwork('lan')));
      await world.run(domain('other', sleeping, onNetwork('other')));
      await world.run(domain('beside', sleeping, routed([own.own4, own.own6])));
      const answered = async (name: string): Promise<string[]> => {
        const words = { host4: gateway.v4, host6: gateway.v6, name: 'asks.lan.example', leave: 1 };
        const { status, stdout, stderr } = await world.exec(name, ...rogue.inside('names', words));
        assert.equal(status, 0, stderr);
        return stdout
          .split('\n')
          .filter((line) => line !== '')
          .sort();
      };
      assert.deepEqual(await answered('asks'), ['tcp4', 'tcp6', 'udp4', 'udp6']);
      assert.deepEqual(await answered('other'), []);
      assert.deepEqual(await answered('beside'), []);
      await world.erase('other', 'beside');
    } finally {
      await networks.stop({ network: 'other' });
      await networks.undefine({ network: 'other' });
    }
  });
});
