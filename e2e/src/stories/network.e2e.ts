// Networks: routed addresses of both families, bridges, a shared link, and none at all, each asked from the host's side.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { hostAddress } from '../world/enclosure.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const routed = (...addresses: string[]) =>
  `<interface type='ethernet'>${addresses.map((address) => `<ip address='${address}'/>`).join('')}</interface>`;
/** A domain with the template's own init, which serves a page. */
const serving = (name: string, ...interfaces: string[]) => domainXml({ name, program: [], interfaces });

/** The host serves this at its own address, port 8080, meanwhile. */
async function hostServes(content: string, use: () => Promise<void>): Promise<void> {
  const folder = `${world.host}/www`;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/index.html`, content);
  const address = `${hostAddress.v4}:8080`;
  const [file = '', ...args] = world.enclosure.argv(
    '/bin/busybox',
    'httpd',
    '-f',
    '-p',
    address,
    '-h',
    folder,
  );
  const server = spawn(file, args, { stdio: 'ignore' });
  try {
    await use();
  } finally {
    server.kill();
    await new Promise((resolve) => server.once('exit', resolve));
  }
}

const mebibyte = ' '.repeat(2 ** 20);

async function secondsOf(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work;
  return (performance.now() - started) / 1000;
}

async function page(url: string): Promise<string> {
  return await waitFor(`a page at ${url}`, () => world.enclosure.fetch(url).catch(() => undefined));
}

test('routed: IPv4 and IPv6 reach the container with no bridge set up', async () => {
  await world.run(serving('routed', routed('192.168.7.5', '2001:db8:7::5')));
  assert.match(await page('http://192.168.7.5/'), /<h1>routed<\/h1>/);
  assert.match(await page('http://[2001:db8:7::5]/'), /<h1>routed<\/h1>/);
  assert.match(await world.enclosure.output('ip', 'route'), /^192\.168\.7\.5 dev /m);
});

test('routed: several containers reach the host and the host each of them', async () => {
  await hostServes('the host\n', async () => {
    for (const [name, address] of [
      ['one', '192.168.7.11'],
      ['two', '192.168.7.12'],
    ] as const) {
      await world.run(serving(name, routed(address)));
      assert.match(await page(`http://${address}/`), new RegExp(`<h1>${name}</h1>`));
      const line = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc ${hostAddress.v4} 8080`;
      assert.match(await world.shell(name, line), /the host/);
    }
  });
});

test('routed: containers reach each other and the host over both families, when the host forwards', async () => {
  await world.enclosure.output('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  await world.run(domainXml({ name: 'one', interfaces: [routed('192.168.7.21', '2001:db8:7::21')] }));
  await world.run(domainXml({ name: 'two', interfaces: [routed('192.168.7.22', '2001:db8:7::22')] }));
  for (const address of [hostAddress.v4, hostAddress.v6, '192.168.7.22', '2001:db8:7::22'])
    await waitFor(`an answer of ${address}`, async () => {
      const { status } = await world.exec('one', 'ping', '-c', '1', '-W', '1', address);
      return status === 0;
    });
  await world.enclosure.output('sysctl', '-qw', 'net.ipv4.ip_forward=0', 'net.ipv6.conf.all.forwarding=0');
});

test('bridge: an address of the bridge network, and a default route by its gateway', async () => {
  await world.enclosure.output('ip', 'link', 'add', 'br-e2e', 'type', 'bridge');
  try {
    await world.enclosure.output('ip', 'address', 'add', '10.77.0.1/24', 'dev', 'br-e2e');
    await world.enclosure.output('ip', 'link', 'set', 'br-e2e', 'up');
    const link = `<interface type='bridge'><source bridge='br-e2e'/><mac address='52:54:00:12:34:56'/>
      <ip address='10.77.0.2' family='ipv4' prefix='24'/>
      <route family='ipv4' address='0.0.0.0' prefix='0' gateway='10.77.0.1'/><guest dev='net0'/></interface>`;
    const domain = await world.run(serving('bridged', link));
    assert.match(await page('http://10.77.0.2/'), /<h1>bridged<\/h1>/);
    assert.match(await world.shell(domain, 'ip address show net0'), /52:54:00:12:34:56/);
    assert.match(
      await world.shell(domain, 'ip address show net0'),
      /inet 10\.77\.0\.2\/24 brd 10\.77\.0\.255/,
    );
    assert.match(await world.shell(domain, 'ip route'), /default via 10\.77\.0\.1 dev net0/);
    await world.erase(domain);
  } finally {
    await world.enclosure.output('ip', 'link', 'delete', 'br-e2e');
  }
});

test('direct: a link of the host shared by macvlan', async () => {
  await world.enclosure.output('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
  try {
    for (const link of ['up0', 'up1']) await world.enclosure.output('ip', 'link', 'set', link, 'up');
    await world.enclosure.output('ip', 'address', 'add', '10.78.0.1/24', 'dev', 'up1');
    const link = `<interface type='direct'><source dev='up0' mode='bridge'/><ip address='10.78.0.2' prefix='24'/></interface>`;
    const domain = await world.run(serving('shared', link));
    assert.match(await page('http://10.78.0.2/'), /<h1>shared<\/h1>/);
    await world.erase(domain);
  } finally {
    await world.enclosure.output('ip', 'link', 'delete', 'up0');
  }
});

test('bandwidth: what is sent takes its time, either way, as far as the kernel can do it', async () => {
  const rates =
    "<bandwidth><inbound average='400' burst='64'/><outbound average='400' burst='64'/></bandwidth>";
  const link = `<interface type='ethernet'>${rates}<ip address='192.168.7.30'/></interface>`;
  const domain = await world.run(serving('slow', link));
  await page('http://192.168.7.30/');
  // A mebibyte less the burst at 400 kB a second.
  const least = 2.4;
  await hostServes(mebibyte, async () => {
    const inbound = await secondsOf(world.shell(domain, `wget -O /dev/null http://${hostAddress.v4}:8080/`));
    assert.ok(inbound > least, `${inbound} s to the container`);
  });
  if (world.log.includes('eth0 is not limited: this kernel cannot limit the rate of a link that way')) return;
  await world.shell(domain, 'dd if=/dev/zero of=/srv/www/large bs=1024 count=1024');
  const get = world.enclosure.output('busybox', 'wget', '-O', '/dev/null', 'http://192.168.7.30/large');
  const outbound = await secondsOf(get);
  assert.ok(outbound > least, `${outbound} s from the container`);
});

test('no interface: loopback and nothing else', async () => {
  const domain = await world.run(domainXml({ name: 'alone' }));
  const links = await world.shell(domain, 'ip -o link | cut -d: -f2');
  assert.deepEqual(
    links.split('\n').map((name) => name.trim()),
    ['lo'],
  );
  assert.equal(await world.shell(domain, 'ip route'), '');
});

test('the host end has the name the document gives it', async () => {
  const link = `<interface type='ethernet'><target dev='ve-named'/><ip address='192.168.7.20'/></interface>`;
  const domain = await world.run(domainXml({ name: 'named', interfaces: [link] }));
  assert.ok((await world.enclosure.links()).includes('ve-named'));
  await world.client.domains.destroy({ domain });
  await waitFor('the link to go', async () => !(await world.enclosure.links()).includes('ve-named'));
});

test('what the host has itself, or nobody can have alone, is no container’s', async () => {
  const on = (address: string) => domainXml({ name: 'greedy', interfaces: [routed(address)] });
  for (const address of [hostAddress.v4, hostAddress.v6, '127.0.0.1', '::1'])
    await refused('exists', world.define(on(address)));
  for (const address of ['224.0.0.1', '255.255.255.255', 'ff02::1'])
    await refused('invalid', world.define(on(address)));
  // The host may come to it later.
  const later = '192.168.7.31';
  await world.define(on(later));
  await world.enclosure.output('ip', 'address', 'add', later, 'dev', 'lo');
  await refused('exists', world.client.domains.start({ domain: 'greedy' }));
  await world.enclosure.output('ip', 'address', 'del', `${later}/32`, 'dev', 'lo');
  await world.client.domains.start({ domain: 'greedy' });
});

test('what no link can be is told at define, all of it and where, and what an older version let in at start', async () => {
  const links = [
    routed('0.1.2.3', '::ffff:10.0.0.1', '192.168.7.32', '192.168.7.32'),
    `<interface type='ethernet'><guest dev='7'/><ip address='2001:db8:7::32'/><mtu size='1279'/></interface>`,
  ];
  const { findings: places = [] } = await refused(
    'invalid',
    world.define(domainXml({ name: 'odd', interfaces: links })),
  );
  assert.deepEqual(
    places.map(({ path }) => path.replace('/domain/devices/interface', '')),
    ['[1]/ip[1]/@address', '[1]/ip[2]/@address', '[1]/ip[4]/@address', '[2]/guest/@dev', '[2]/mtu/@size'],
  );
  assert.ok(places.every(({ line }) => line > 1));
  // Written otherwise it is the same address, and liblxc is told of it in the one way that it reads.
  await world.run(domainXml({ name: 'first', interfaces: [routed('192.168.7.07', '2001:DB8:7:0::7')] }));
  for (const address of ['192.168.7.7', '2001:db8:7::7'])
    await refused('exists', world.define(domainXml({ name: 'second', interfaces: [routed(address)] })));
  // As an older version has stored it.
  await world.define(domainXml({ name: 'old', interfaces: [routed('192.168.7.33', '192.168.7.34')] }));
  await world.stop();
  const stored = `${world.root}/lib/domains/old/domain.xml`;
  await writeFile(stored, (await readFile(stored, 'utf8')).replace('192.168.7.34', '192.168.7.33'));
  await world.start();
  const { message } = await refused('invalid', world.client.domains.start({ domain: 'old' }));
  assert.match(message, /domain 'old' cannot start: the container has the address 192\.168\.7\.33 twice/);
  assert.equal(
    (await world.cli(['set', 'old', '--ram', '64M', '--config'])).status,
    0,
    'and it can be changed',
  );
});

test('an address that the host sends elsewhere: told at define, refused at start, and had when the route is gone', async () => {
  const ip = (...words: string[]) => world.enclosure.output('ip', ...words);
  await ip('link', 'add', 'else0', 'type', 'veth', 'peer', 'name', 'else1');
  try {
    for (const link of ['else0', 'else1']) await ip('link', 'set', link, 'up');
    await ip('address', 'add', '192.168.9.1/24', 'dev', 'else0');
    await ip('route', 'add', 'blackhole', '192.168.8.0/24');
    const routes = [
      ['192.168.7.50', 'dev else0', 'to else0'],
      ['192.168.8.51', 'blackhole', 'elsewhere'],
      ['2001:db8:7::52', 'dev else0', 'to else0'],
      ['2001:db8:7::53', 'unreachable', 'elsewhere'],
    ] as const;
    for (const [address, way, where] of routes) {
      const words = way === 'dev else0' ? [address, 'dev', 'else0'] : [way, address];
      await ip('route', 'add', ...words);
      const said = `the address ${address} is routed ${where} on this host`;
      const { findings } = await world.define(domainXml({ name: 'late', interfaces: [routed(address)] }));
      assert.ok(findings[0]?.message.startsWith(said), JSON.stringify(findings));
      const { message } = await refused('exists', world.client.domains.start({ domain: 'late' }));
      assert.ok(message.startsWith(said), message);
      await ip('route', 'del', ...words);
      await world.client.domains.start({ domain: 'late' });
      await world.erase('late');
    }
    // A network around it, a dearer route, and a table that no rule leads to are no hindrance.
    await ip('route', 'add', '192.168.7.0/24', 'dev', 'else0');
    await ip('route', 'add', '192.168.7.50', 'dev', 'else0', 'metric', '50');
    await ip('route', 'add', '192.168.7.50', 'dev', 'else0', 'table', '200');
    await world.run(serving('late', routed('192.168.7.50', '192.168.8.51')));
    assert.match(await page('http://192.168.7.50/'), /<h1>late<\/h1>/);
    const { message } = await refused(
      'invalid',
      world.define(domainXml({ name: 'all', interfaces: [routed('192.168.9.255')] })),
    );
    assert.match(message, /192\.168\.9\.255 is the broadcast address of a network of the host's/);
  } finally {
    await ip('link', 'delete', 'else0');
    await ip('route', 'del', 'blackhole', '192.168.8.0/24');
    await ip('route', 'flush', 'table', '200').catch(() => '');
  }
});

test('bridge: routes of the document beside the default one, from the first moment on and on links that come later', async () => {
  const ip = (...words: string[]) => world.enclosure.output('ip', ...words);
  await ip('link', 'add', 'br-e2e', 'type', 'bridge');
  try {
    const link = (number: number) => `<interface type='bridge'><source bridge='br-e2e'/>
      <guest dev='a$b;${number}'/><ip address='10.7${number}.0.2' prefix='24'/><ip address='2001:db8:7${number}::2' prefix='64'/>
      <route family='ipv4' address='10.9${number}.0.0' prefix='16' gateway='10.7${number}.0.1' metric='7'/>
      <route family='ipv6' address='2001:db8:9${number}::' prefix='48' gateway='2001:db8:7${number}::1'/></interface>`;
    const program = ['/bin/sh', '-c', 'ip route >/first; exec sleep 1000'];
    await world.run(domainXml({ name: 'ways', program, interfaces: [link(7)] }));
    await writeFile(`${world.host}/link.xml`, link(8));
    const attach = [
      'virsh',
      '-c',
      world.uri('ctvirt'),
      'attach-device',
      'ways',
      `${world.host}/link.xml`,
      '--live',
    ];
    const { status, stderr } = await run(attach);
    assert.equal(status, 0, stderr);
    const seen = await world.shell('ways', 'cat /first; ip route; ip -6 route');
    assert.equal(
      (await ip('-6', 'address', 'show', 'master', 'br-e2e')).trim(),
      '',
      'ports have no addresses',
    );
    for (const number of [7, 8]) {
      const v4 = `10\\.9${number}\\.0\\.0/16 via 10\\.7${number}\\.0\\.1 dev a\\$b;${number} +metric 7`;
      assert.equal(seen.match(new RegExp(v4, 'g'))?.length, number === 7 ? 2 : 1, seen);
      assert.match(seen, new RegExp(`2001:db8:9${number}::/48 via 2001:db8:7${number}::1`));
    }
    await world.erase('ways');
    // Without a way there is none over it, and it starts.
    const down = link(7).replace('</interface>', "<link state='down'/></interface>");
    await world.run(
      domainXml({
        name: 'down',
        interfaces: [down, routed('192.168.7.60').replace('</', "<link state='down'/></")],
      }),
    );
    assert.equal(await world.shell('down', 'ip route'), '');
    await world.erase('down');
  } finally {
    await ip('link', 'delete', 'br-e2e');
  }
});

test('an address another domain has is refused, and free when that one is gone', async () => {
  await world.define(domainXml({ name: 'first', interfaces: [routed('192.168.7.30')] }));
  const second = domainXml({ name: 'second', interfaces: [routed('192.168.7.30')] });
  await refused('exists', world.define(second));
  await world.erase('first');
  await world.define(second);
});

test('an address attached to a running domain is no other domain’s until it ends', async () => {
  const attach = async (domain: string, address: string) => {
    const file = `${world.host}/link.xml`;
    await writeFile(file, routed(address));
    const uri = world.uri('ctvirt');
    return await run(['virsh', '-c', uri, 'attach-device', domain, file, '--live']);
  };
  const linked = (name: string, ...addresses: string[]) =>
    domainXml({ name, interfaces: addresses.map((address) => routed(address)) });
  await world.define(linked('stored', '192.168.7.40'));
  await world.run(linked('running', '192.168.7.41'));
  const { status, stderr } = await attach('running', '192.168.7.40');
  assert.equal(status, 1);
  assert.match(stderr, /address 192\.168\.7\.40 is in use by domain 'stored'/);
  const attached = await attach('running', '192.168.7.42');
  assert.equal(attached.status, 0, attached.stderr);
  await refused('exists', world.define(linked('late', '192.168.7.42')));
  // What it had when it was started it still has, whatever it is to have at its next start.
  await world.define(linked('running', '192.168.7.43'));
  await refused('exists', world.define(linked('late', '192.168.7.41')));
  await world.kill();
  await world.start();
  for (const address of ['192.168.7.41', '192.168.7.42', '192.168.7.43'])
    await refused('exists', world.define(linked('late', address)));
  await world.client.domains.destroy({ domain: 'running' });
  await world.define(linked('late', '192.168.7.41', '192.168.7.42'));
});

test('a bridge that is not there: the start says so and leaves nothing', async () => {
  const link = `<interface type='bridge'><source bridge='br-none'/></interface>`;
  await world.define(domainXml({ name: 'lost', interfaces: [link] }));
  const error = await refused('host-command', world.client.domains.start({ domain: 'lost' }));
  assert.match(error.message, /this host has no bridge 'br-none', which interface eth0 /);
  assert.equal(await world.state('lost'), 'shutoff (failed)');
  await world.assertClean();
});

test('routed: a program has its IPv6 address from its first moment, at start and of a link that comes later', async () => {
  // The kernel refuses one whose being a duplicate it still looks for.
  const tentative = 0x40;
  const flagsOf = (lines: string, address: string): number => {
    const line = lines.split('\n').find((each) => each.startsWith(address));
    assert.ok(line !== undefined, lines);
    return Number.parseInt(line.trim().split(/\s+/)[4] ?? '', 16);
  };
  const program = ['/bin/sh', '-c', 'cat /proc/net/if_inet6 >/seen; ip -6 route >>/seen; sleep 1000'];
  await world.run(domainXml({ name: 'prompt', program, interfaces: [routed('2001:db8:7::61')] }));
  const seen = await waitFor('what the program saw', async () => {
    const text = await world.shell('prompt', 'cat /seen');
    return text.includes('default') ? text : undefined;
  });
  assert.equal(flagsOf(seen, '20010db8000700000000000000000061') & tentative, 0, seen);
  await writeFile(`${world.host}/link.xml`, routed('2001:db8:7::62'));
  const file = `${world.host}/link.xml`;
  const attached = await run(['virsh', '-c', world.uri('ctvirt'), 'attach-device', 'prompt', file, '--live']);
  assert.equal(attached.status, 0, attached.stderr);
  const later = await world.shell('prompt', 'cat /proc/net/if_inet6');
  assert.equal(flagsOf(later, '20010db8000700000000000000000062') & tentative, 0, later);
});
