// Networks on a host that is in their way: one message with a code, nothing half-made, and containers that go on.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import type { ErrorCode } from '@ctvirt/api';
import { strictClient } from '@ctvirt/api/testing';
import { domainXml } from '../world/documents.js';
import { assertUnchanged, waitFor } from '../world/wait.js';
import { daemonProgram, refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(async () => {
  await world.eraseAll();
  await world.eraseNetworks();
  await world.assertClean();
});
after(() => world.close());

const ip = (line: string) => world.enclosure.output('ip', ...line.split(' '));
const forward = "<forward mode='nat'/>";
const lan = ({ name = 'lan', mode = forward, more = '', third = 20 } = {}) =>
  `<network><name>${name}</name>${mode}${more}<ip address='10.99.${third}.1' prefix='24'>
    <dhcp><range start='10.99.${third}.10' end='10.99.${third}.12'/></dhcp></ip></network>`;
const on = (network: string, more = '') =>
  `<interface type='network'>${more}<source network='${network}'/></interface>`;
const member = (name: string, more = '') => domainXml({ name, interfaces: [on('lan', more)] });

/** Everything that is counted, networks with it. */
const state = async () => ({
  everything: await world.everything(),
  networks: await world.client.networks.list(),
});

/** Refused with a code, in words, and nothing is other than before. */
async function refusedWhole(code: ErrorCode, words: RegExp, call: () => Promise<unknown>): Promise<void> {
  const was = await state();
  const { message } = await refused(code, call());
  assert.match(message, words);
  assert.doesNotMatch(message, /\n/);
  await assertUnchanged(was, state, message);
}

const hostLink = 'link add held type veth peer name holds';
/** What is in the way of a network, by what makes it and what it is refused with. */
const obstacles: Readonly<
  Record<string, { host?: readonly string[]; network?: string; code: ErrorCode; words: RegExp }>
> = {
  'a subnet that the host is in': {
    host: [hostLink, 'address add 10.99.20.77/24 dev held'],
    code: 'in-use',
    words: /10\.99\.20\.1\/24.* its link held; give the network another subnet/,
  },
  'a route of the host into the subnet': {
    host: [
      hostLink,
      'address add 10.1.0.1/24 dev held',
      'link set held up',
      'route add 10.99.20.0/25 dev held',
    ],
    code: 'in-use',
    words: /10\.99\.20\.1\/24.* its link held; give the network another subnet/,
  },
  'a bridge that is somebody’s': {
    host: ['link add held type bridge'],
    network: lan({ more: "<bridge name='held'/>" }),
    code: 'exists',
    words: /cannot have a bridge held: the host has a link of that name/,
  },
  'a link to forward to that is gone': {
    network: lan({ mode: "<forward mode='nat' dev='gone'/>" }),
    code: 'host-command',
    words: /this host has no link 'gone', which network 'lan' is to forward to: make it, or name another/,
  },
  'a bridge to be on that is gone': {
    network: "<network><name>lan</name><forward mode='bridge'/><bridge name='gone'/></network>",
    code: 'host-command',
    words: /this host has no link 'gone', which network 'lan' is to be on: make it, or name another/,
  },
};

for (const [title, { host = [], network = lan(), code, words }] of Object.entries(obstacles))
  test(`${title}: ${code}`, async () => {
    for (const line of host) await ip(line);
    try {
      await world.client.networks.define({ body: network });
      await refusedWhole(code, words, () => world.client.networks.start({ network: 'lan' }));
    } finally {
      if (host.length > 0) await ip('link delete held');
    }
  });

test('a domain that cannot have its network is refused, and a network that is used stays', async () => {
  const { networks, domains } = world.client;
  await world.define(member('early'));
  await refusedWhole('not-found', /no network 'lan'.*`ctvirt network start lan`/, () =>
    domains.start({ domain: 'early' }),
  );
  await networks.define({ body: lan() });
  await refusedWhole('wrong-state', /network 'lan' does not run: `ctvirt network start lan`/, () =>
    domains.start({ domain: 'early' }),
  );
  await networks.start({ network: 'lan' });
  await domains.start({ domain: 'early' });
  await refusedWhole('in-use', /domain 'early' runs on network 'lan'/, () =>
    networks.undefine({ network: 'lan' }),
  );
  const mac = "<mac address='52:54:00:77:00:01'/>";
  await world.define(member('second', mac));
  await refusedWhole('exists', /domain 'second' has the hardware address 52:54:00:77:00:01/, () =>
    world.define(member('third', mac)),
  );
  await world.define(member('third'));
  await refusedWhole('no-space', /no address left of 10\.99\.20\.10 to 10\.99\.20\.12/, () =>
    world.define(member('fourth')),
  );
});

/** Hides a program from what runs in the enclosure. */
async function without(program: string, use: () => Promise<void>): Promise<void> {
  await world.enclosure.output(
    '/bin/sh',
    '-ec',
    `mount -t tmpfs none /mnt; mkdir /mnt/upper /mnt/work; mknod /mnt/upper/${program} c 0 0
     mount -t overlay -o lowerdir=/usr/sbin,upperdir=/mnt/upper,workdir=/mnt/work overlay /usr/sbin`,
  );
  try {
    await use();
  } finally {
    await world.enclosure.output('umount', '-l', '/usr/sbin', '/mnt');
  }
}

for (const [program, name] of Object.entries({ nft: 'nftables', dnsmasq: 'dnsmasq-base' }))
  test(`a host without ${program}: a network says which package it needs`, async () => {
    const { networks } = world.client;
    await networks.define({ body: lan() });
    const was = await state();
    await without(program, async () => {
      const { message } = await refused('unsupported', networks.start({ network: 'lan' }));
      assert.match(message, new RegExp(`install Debian's package ${name}$`));
    });
    await assertUnchanged(was, state);
    await networks.start({ network: 'lan' });
  });

test('what somebody takes away is put back, and containers do not notice', async () => {
  await world.client.networks.define({ body: lan() });
  await world.client.networks.start({ network: 'lan' });
  for (const name of ['one', 'two']) await world.run(member(name));
  const bridge = (await world.enclosure.links()).find((name) => name.startsWith('virbr')) ?? '';
  // The containers themselves, from before they began.
  const lives = async () =>
    await Promise.all(
      ['one', 'two'].map((name) => world.shell(name, 'cut -d " " -f 22 /proc/1/stat; ip -o -4 address')),
    );
  const before = await lives();
  const dnsmasq = () =>
    Number(
      world
        .processes()
        .find((line) => line.includes('dnsmasq'))
        ?.split(' ')[0],
    );
  const harms: Readonly<Record<string, readonly [() => Promise<unknown>, RegExp]>> = {
    'dnsmasq killed': [async () => process.kill(dnsmasq(), 'SIGKILL'), /lost its dnsmasq: it is put back/],
    'ruleset flushed': [
      () => world.enclosure.output('nft', 'flush', 'ruleset'),
      /changed nftables' table '.*-net' or took it away: it is put back/,
    ],
    'bridge deleted': [() => ip(`link delete ${bridge}`), /lost its bridge/],
  };
  for (const [what, [harm, said]] of Object.entries(harms)) {
    const from = world.log.length;
    await harm();
    await waitFor(`the log to tell of '${what}'`, () => said.test(world.log.slice(from)));
    await waitFor(`'${what}' to be mended`, async () => {
      const { status } = await world.exec(
        'one',
        '/bin/sh',
        '-c',
        'ping -c 1 -W 1 10.99.20.11 && nslookup -type=a two',
      );
      return status === 0;
    });
    assert.match(await world.enclosure.output('nft', 'list', 'ruleset'), /chain nat4_0/, what);
    assert.deepEqual(await lives(), before, what);
  }
});

test('two daemons on one host: each has its own default, and neither touches the other’s', async () => {
  const { networks } = world.client;
  await networks.start({ network: 'default' });
  const root = `${world.host}/other`;
  await mkdir(root, { mode: 0o711 });
  const [file = '', ...args] = world.enclosure.argv(process.execPath, daemonProgram, '--root', root);
  const other: ChildProcess = spawn(file, args, { stdio: 'ignore' });
  const client = strictClient({ socketPath: `${root}/run/http.sock` });
  try {
    const isThere = () =>
      client.host.version().then(
        () => true,
        () => false,
      );
    await waitFor('the other daemon', isThere);
    await client.networks.start({ network: 'default' });
    const ours = await networks.xml({ network: 'default' });
    const theirs = await client.networks.xml({ network: 'default' });
    for (const pattern of [/<bridge name='[^']+'/, /<ip address='[^']+'/])
      assert.notEqual(pattern.exec(ours)?.[0], pattern.exec(theirs)?.[0]);
    // A document that asks for what the other has.
    const same = ours
      .replace('>default<', '>same<')
      .replace(/ *<(uuid|mac).*\n/g, '')
      .replace(/name='virbr\d+'/, "name='virbr-same'");
    await client.networks.define({ body: same });
    await refused('in-use', client.networks.start({ network: 'same' }));
    await client.networks.undefine({ network: 'same' });
    await networks.stop({ network: 'default' });
    await networks.start({ network: 'default' });
    const rules = await world.enclosure.output('nft', 'list', 'ruleset');
    assert.equal(rules.match(/table inet ctvirt-\w+-net/g)?.length, 2);
    await client.networks.stop({ network: 'default' });
    await client.networks.undefine({ network: 'default' });
  } finally {
    client.close();
    const gone = once(other, 'exit');
    other.kill('SIGINT');
    await gone;
  }
  await world.run(domainXml({ name: 'one', interfaces: [on('default')] }));
  await world.shell('one', 'ping -c 1 -W 3 $(ip route | sed -n "s/default via \\([^ ]*\\).*/\\1/p")');
});
