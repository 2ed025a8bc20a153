// Walls on a bridge that others share: what is another's stays his, whoever has no address of his own, and nobody fills what all use.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { framesToSend, heardKinds, hostFrames, otherFrames, senderMac } from '../world/frame-kinds.js';
import { Rogue } from '../world/rogue.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
let rogue: Rogue;
const ip = (...args: string[]) => world.enclosure.output('ip', ...args);
before(async () => {
  world = await World.open();
  rogue = await Rogue.in(world.host);
});
beforeEach(async () => {
  await ip('link', 'add', 'br-e2e', 'address', '02:00:00:00:00:01', 'type', 'bridge', 'mcast_querier', '1');
  await ip('address', 'add', '10.77.0.1/24', 'dev', 'br-e2e');
  await ip('address', 'add', '2001:db8:77::1/64', 'dev', 'br-e2e', 'nodad');
  await ip('link', 'set', 'br-e2e', 'up');
});
afterEach(async () => {
  await world.eraseAll();
  await ip('link', 'delete', 'br-e2e');
  await world.clear();
});
after(() => world.close());

const open = (more = '') =>
  `<interface type='bridge'>${more}<source bridge='br-e2e'/><link state='up'/></interface>`;
const bound = (last: number) => `<interface type='bridge'><source bridge='br-e2e'/>
  <ip address='10.77.0.${last}' prefix='24'/><ip address='2001:db8:77::${last}' family='ipv6' prefix='64'/></interface>`;
const domain = (name: string, ...interfaces: readonly string[]) =>
  domainXml({ name, interfaces, filesystems: [templateRoot, rogue.filesystem] });
const parts = {
  ...{ own4: '10.77.0.66', host4: '10.77.0.1' },
  ...{ own6: '2001:db8:77::66', host6: '2001:db8:77::1' },
};
const says = async (name: string, what: string, more: Readonly<Record<string, string>> = {}) => {
  const { status, stderr } = await world.exec(name, ...rogue.inside(what, { ...parts, ...more, leave: 1 }));
  assert.equal(status, 0, stderr);
};
const neighbours = () => ip('neigh', 'show', 'dev', 'br-e2e', 'nud', 'all');

test('an address made of another’s hardware address is not taken, of whichever network', async () => {
  await world.run(domain('near', open("<mac address='52:54:00:77:77:77'/>")));
  const own = '2001:db8:77:0:5054:ff:fe77:7777';
  await world.shell('near', `ip -6 address add ${own}/64 dev eth0`);
  await waitFor('an answer', async () => {
    const { status } = await world.exec('near', 'ping', '-6', '-c', '1', '-W', '1', '-I', own, parts.host6);
    return status === 0;
  });
  const known = new RegExp(`${own} lladdr 52:54:00:77:77:77`);
  await waitFor('the host to know it', async () => known.test(await neighbours()));
  for (const [name, link] of [
    ['open', open()],
    ['bound', bound(66)],
  ] as const) {
    await world.run(domain(name, link));
    await says(name, 'claims', { near6: own, near4: '10.77.0.250' });
    assert.match(await neighbours(), known, name);
  }
});

/** A machine of the network, beside our containers. */
async function withMachine(
  use: (ns: (...argv: string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  const ns = (...argv: string[]) => world.enclosure.output('ip', 'netns', 'exec', 'lan', ...argv);
  await ip('netns', 'add', 'lan');
  try {
    await ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'lan');
    await ip('link', 'set', 'lan0', 'master', 'br-e2e', 'up');
    await ns('ip', 'link', 'set', 'eth0', 'address', '52:54:00:aa:aa:aa', 'up');
    await use(ns);
  } finally {
    await ip('netns', 'delete', 'lan');
  }
}

const drawn = { near: '2001:db8:77:0:a1b2:c3d4:e5f6:789a', lan: '2001:db8:77:0:b1b2:c3d4:e5f6:789a' };

test('an address that nothing tells beforehand is its first user’s, here or on the network, also while he looks whether it is free', async () => {
  await world.run(domain('near', bound(77)));
  const thieves = { open: open(), bound: bound(66) };
  for (const [name, link] of Object.entries(thieves)) await world.run(domain(name, link));
  const mac = (await world.shell('near', 'cat /sys/class/net/eth0/address')).trim();
  const known = async () => {
    const all = await neighbours();
    assert.match(all, new RegExp(`^${drawn.near} lladdr ${mac}`, 'm'));
    assert.match(all, new RegExp(`^${drawn.lan} lladdr 52:54:00:aa:aa:aa`, 'm'));
  };
  await withMachine(async (lan) => {
    // As soon as they look whether it is free, somebody says that it is his.
    const answering = Object.keys(thieves).map((name) =>
      says(name, 'answers', { near6: drawn.near, host6: drawn.lan }),
    );
    for (const name of Object.keys(thieves))
      await waitFor('the thief', async () =>
        /answers/.test(await world.shell(name, 'cat /proc/[0-9]*/cmdline')),
      );
    await world.shell('near', `ip -6 address add ${drawn.near}/64 dev eth0`);
    await lan('ip', 'address', 'add', `${drawn.lan}/64`, 'dev', 'eth0');
    await Promise.all(answering);
    assert.doesNotMatch(await world.shell('near', 'ip -6 address'), /dadfailed|tentative/);
    assert.doesNotMatch(await lan('ip', '-6', 'address'), /dadfailed|tentative/);
    for (const address of Object.values(drawn))
      await waitFor(`an answer of ${address}`, async () => {
        const { status } = await world.enclosure.run(['busybox', 'ping', '-c', '1', '-W', '1', address]);
        return status === 0;
      });
    await known();
    for (const name of Object.keys(thieves)) {
      await says(name, 'claims', { near6: drawn.near, host6: drawn.lan, near4: '10.77.0.250' });
      await known();
    }
    // Nor is it anybody's for the taking when the daemon has been killed, and the next one puts its rules there.
    await world.kill();
    await world.start();
    for (const name of Object.keys(thieves)) {
      await says(name, 'claims', { near6: drawn.near, host6: drawn.lan, near4: '10.77.0.250' });
      await known();
    }
    await world.client.domains.destroy({ domain: 'near' });
    await world.client.domains.start({ domain: 'near' });
    await world.shell('near', `ip -6 address add ${drawn.near}/64 dev eth0`);
    await waitFor('an answer after a new start', async () => {
      const { status } = await world.exec(
        'near',
        'ping',
        '-6',
        '-c',
        '1',
        '-W',
        '1',
        '-I',
        drawn.near,
        parts.host6,
      );
      return status === 0;
    });
  });
});

test('what a machine of the network says in a VLAN is heard, too', async () => {
  // No other test's: those are owned for an hour.
  const drawn = { near: '2001:db8:77:0:a1b2:c3d4:e5f6:10', lan: '2001:db8:77:0:b1b2:c3d4:e5f6:10' };
  await world.run(domain('near', open()));
  const reaches = async (from: string) => {
    const { status } = await world.exec('near', 'ping', '-6', '-c', '3', '-W', '1', '-I', from, parts.host6);
    return status === 0;
  };
  await withMachine(async (lan) => {
    await lan(...rogue.onHost('claims', { host6: drawn.lan, tag: 10, leave: 1 }));
    for (const address of Object.values(drawn))
      await world.shell('near', `ip -6 address add ${address}/64 dev eth0`);
    await waitFor(
      'both to be its own',
      async () => !/tentative/.test(await world.shell('near', 'ip -6 address')),
    );
    await waitFor('an answer', () => reaches(drawn.near));
    assert.ok(!(await reaches(drawn.lan)), 'it has the address of a machine');
  });
});

test('made-up senders are few in the host’s table, and honest ones go on', async () => {
  for (const [name, link] of [
    ['open', open()],
    ['bound', bound(66)],
  ] as const) {
    await ip('neigh', 'flush', 'dev', 'br-e2e');
    await world.run(domain(name, link));
    await world.shell(
      name,
      'for n in 1 2 3 4; do ip address add 10.77.0.8$n/24 dev eth0 2>/dev/null; done; ip link set eth0 up',
    );
    const from = name === 'open' ? ['10.77.0.81', '10.77.0.84'] : ['10.77.0.66'];
    for (const address of from) {
      const { status } = await world.exec(name, 'ping', '-c', '1', '-W', '2', '-I', address, parts.host4);
      assert.equal(status, 0, address);
    }
    await says(name, 'guests');
    const all = (await neighbours()).split('\n').filter((line) => line !== '');
    assert.ok(all.length <= 60, `${name}: ${all.length} of 450`);
    for (const address of from) {
      const { status } = await world.exec(name, 'ping', '-c', '1', '-W', '2', '-I', address, parts.host4);
      assert.equal(status, 0, `${address} afterwards`);
    }
    await world.erase(name);
  }
});

/** How many IPv6 addresses, and IPv4 senders, the rules have learnt of a hardware address. */
async function learnt(mac: string): Promise<{ readonly six: number; readonly four: number }> {
  const tables = await world.enclosure.output('nft', 'list', 'tables');
  const [, table = ''] = /table bridge (ctvirt-\S+)/.exec(tables) ?? [];
  const count = async (set: string) =>
    (await world.enclosure.output('nft', 'list', 'set', 'bridge', table, set)).split(mac).length - 1;
  return { six: await count('owners6'), four: await count('senders4') };
}

test('a container that boots again and again has no more addresses than another, and keeps those it had', async () => {
  const keptOf = (boots: number) => ({
    four: `10.77.0.20${boots}`,
    six: `2001:db8:77:0:f:5:5:${boots}`,
  });
  const asks = (boots: number, kept = keptOf(boots)) => `
    ip link set eth0 up; n=$(($(cat /boots 2>/dev/null) + 1)); echo $n > /boots
    four() { ip address add $1/24 dev eth0; ping -c 1 -W 1 -I $1 ${parts.host4} & }
    four ${kept.four}; ip -6 address add ${kept.six}/64 dev eth0; sleep 3
    for i in $(seq 10 29); do four 10.77.$((n + 10 * ${boots})).$i; done
    for i in $(seq 10 49); do ip -6 address add 2001:db8:77:0:${boots}$n:5:5:$i/64 dev eth0; done
    sleep 3
    for i in $(seq 10 49); do ping -6 -c 1 -W 1 -I 2001:db8:77:0:${boots}$n:5:5:$i ${parts.host6} & done
    sleep 2; touch /asked-$n; [ $n -gt ${boots} ] || exec reboot -f; exec sleep infinity`;
  const macs = { calm: '52:54:00:77:77:71', restless: '52:54:00:77:77:73' };
  const found = [];
  for (const [name, boots] of [
    ['calm', 0],
    ['restless', 2],
  ] as const) {
    const interfaces = [open(`<mac address='${macs[name]}'/>`)];
    await world.run(domainXml({ name, program: ['/bin/sh', '-c', asks(boots)], interfaces }));
    const last = `/asked-${boots + 1}`;
    await waitFor(
      'the last boot',
      // Nobody enters one that is about to end.
      async () =>
        await world.exec(name, 'test', '-e', last).then(
          ({ status }) => status === 0,
          () => false,
        ),
      60_000,
    );
    found.push(await learnt(macs[name]));
    const kept = keptOf(boots);
    for (const [address, host] of [
      [kept.four, parts.host4],
      [kept.six, parts.host6],
    ] as const) {
      // Its own questions for the host's address, from addresses that it was not let have, have to be given up first.
      await waitFor(`${name} to speak from ${address}, which it has for long`, async () => {
        const { status } = await world.exec(name, 'ping', '-c', '1', '-W', '2', '-I', address, host);
        return status === 0;
      });
    }
  }
  const [calm = { six: 0, four: 0 }, restless = calm] = found;
  const told = JSON.stringify({ calm, restless });
  assert.ok(calm.six >= 20 && calm.four >= 12, told);
  // Within a minute there may be one more of each kind.
  assert.ok(restless.six <= calm.six + 2 && restless.four <= calm.four + 1, told);
});

test('a bridge goes on to count groups, however many a container says it is in', async () => {
  const snooping = async () => /mcast_snooping 1/.test(await ip('-d', 'link', 'show', 'br-e2e'));
  assert.ok(await snooping());
  await world.run(domain('rogue', open()));
  await says('rogue', 'members');
  assert.ok(await snooping());
  const groups = (await world.enclosure.output('bridge', 'mdb', 'show', 'dev', 'br-e2e'))
    .split('\n')
    .filter((line) => /22[56]\.|ff05/.test(line));
  assert.ok(groups.length <= 64, `${groups.length} groups`);
});

test('whatever somebody takes out of our rules is put back, and told', async () => {
  await world.run(domain('near', bound(77)));
  // But for what the rules themselves have learnt, and which table was made first.
  const rules = async () =>
    (await world.enclosure.output('nft', '-s', 'list', 'ruleset'))
      .replaceAll(/(flags dynamic,timeout\n\s+timeout \w+)\n\s+elements = \{[^}]*\}/g, '$1')
      .split(/^(?=table )/m)
      .sort()
      .join('');
  const name = /table bridge (ctvirt-\S+)/.exec(await rules())?.[1] ?? assert.fail('no table');
  // The host may still come to addresses that are kept from others.
  let whole = '';
  await waitFor('the rules to stay as they are', async () => {
    const before = whole;
    await sleep(700);
    whole = await rules();
    return whole === before;
  });
  const hole = [
    ['flush', 'table', 'bridge', name],
    ['flush', 'chain', 'bridge', name, 'link'],
    ['flush', 'set', 'bridge', name, 'links'],
    ['delete', 'chain', 'arp', name, 'input'],
    ['add', 'rule', 'inet', name, 'prerouting', 'accept'],
    ['insert', 'rule', 'bridge', name, 'prerouting', 'accept'],
    ['delete', 'table', 'inet', name],
  ];
  for (const words of hole) {
    const told = () => world.log.split(`somebody changed nftables' tables '${name}'`).length;
    const before = told();
    await world.enclosure.output('nft', ...words);
    await waitFor(`the end of ${words.join(' ')}`, async () => (await rules()) === whole);
    await waitFor('the log to say so', () => told() > before);
    assert.equal(told(), before + 1, words.join(' '));
  }
  const before = world.log;
  await world.run(domain('other', open()));
  await world.erase('other');
  await world.enclosure.output('nft', 'add table inet theirs; delete table inet theirs');
  await sleep(1500);
  assert.doesNotMatch(world.log.slice(before.length), /somebody changed/, 'what we do ourselves');
});

test('hardware addresses that are another’s on the bridge, or nobody’s, are refused', async () => {
  const withMac = (mac: string) => open(`<mac address='${mac}'/>`);
  for (const mac of ['00:00:00:00:00:00', '01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff'])
    await refused('invalid', world.define(domain('odd', withMac(mac))));
  await refused(
    'invalid',
    world.define(domain('odd', withMac('52:54:00:77:77:01'), withMac('52:54:00:77:77:01'))),
  );
  await world.run(domain('near', withMac('52:54:00:77:77:77')));
  for (const mac of ['52:54:00:77:77:77', '02:00:00:00:00:01']) {
    await world.define(domain('thief', withMac(mac)));
    const { message } = await refused('exists', world.client.domains.start({ domain: 'thief' }));
    assert.ok(message.includes(mac), message);
    await world.client.domains.undefine({ domain: 'thief', storage: true });
  }
  const file = `${world.host}/link.xml`;
  for (const mac of ['52:54:00:77:77:77', '02:00:00:00:00:01']) {
    await writeFile(file, withMac(mac));
    const uri = world.uri('ctvirt');
    const { status } = await run(['virsh', '-c', uri, 'attach-device', 'near', file, '--live']);
    assert.notEqual(status, 0, mac);
  }
});

test('of a container nothing but IP and ARP leaves the bridge, whichever kind of frame it sends', async () => {
  const own = `<mac address='${senderMac}'/>`;
  const inBound = bound(66).replace('<source', `${own}<source`);
  const asHost = hostFrames.map(({ name }) => name);
  await withMachine(async () => {
    for (const [name, link, expected] of [
      ['open', open(own), asHost],
      ['bound', inBound, asHost],
      // So that this test can fail: what is trusted may be a bridge or a switch itself.
      [
        'trusted',
        inBound.replace("'bridge'>", "'bridge' trustGuestRxFilters='yes'>"),
        [...otherFrames.map((one) => one.name), ...asHost],
      ],
    ] as const) {
      await world.run(domain(name, link));
      await world.shell(name, 'ip link set eth0 up');
      const inMachine = (...words: string[]) => world.enclosure.argv('ip', 'netns', 'exec', 'lan', ...words);
      const heard = await heardKinds(inMachine, `${world.host}/ready-${name}`, () =>
        says(name, 'raw', { raw: framesToSend() }),
      );
      assert.deepEqual(heard, expected, name);
      await world.erase(name);
    }
  });
});

test('names that no link can have, and what is no bridge, are refused by name', async () => {
  const wrong = ['lo', 'all', 'default', 'eth%d', 'a/b', 'a:b', '.', '..', 'a b', 'a234567890123456'];
  for (const name of wrong)
    for (const tag of ['guest', 'target']) {
      if (tag === 'target' && name === 'lo') continue; // the host's own, refused at start
      const link = open().replace('</interface>', `<${tag} dev='${name}'/></interface>`);
      const { message } = await refused('invalid', world.define(domain('odd', link)));
      assert.ok(message.includes(name), message);
    }
  await world.run(domain('near', open("<target dev='ve-near'/>")));
  for (const parent of ['lo', 've-near']) {
    await world.define(domain('odd', open().replace('br-e2e', parent)));
    const { message } = await refused('host-command', world.client.domains.start({ domain: 'odd' }));
    assert.match(message, new RegExp(`'${parent}' is no bridge`));
    await world.client.domains.undefine({ domain: 'odd', storage: true });
  }
});
