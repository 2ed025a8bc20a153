// Clients of DHCP as Debian has them, inside: each ends with what the container had before its init ran, at its second start, too.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { ArchiveAccess, archiveProxy } from '../world/archive.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open({ env: { http_proxy: archiveProxy } });
  const archive = await ArchiveAccess.open(world.enclosure, `${world.host}/archive.sock`);
  try {
    const clients = ['isc-dhcp-client', 'dhcpcd-base'].flatMap((name) => ['--include', name]);
    const built = await world.cli(['template', 'build', 'debian', ...clients], { timeoutMs: 600_000 });
    assert.equal(built.status, 0, `no Debian could be built: ${built.stderr}`);
  } catch (error) {
    await world.abandon();
    throw error;
  } finally {
    await archive.close();
  }
});
afterEach(async () => {
  await world.eraseAll();
  await world.eraseNetworks();
  await world.assertClean();
});
after(() => world.close());

const ranges = {
  4: "<ip address='10.99.1.1' prefix='24'><dhcp><range start='10.99.1.10' end='10.99.1.99'/></dhcp></ip>",
  6: "<ip family='ipv6' address='fd00:99:1::1' prefix='64'><dhcp><range start='fd00:99:1::10' end='fd00:99:1::99'/></dhcp></ip>",
} as const;
const network = (ips: string) =>
  `<network><name>lan</name><forward mode='nat'/><domain name='lan.example'/>${ips}</network>`;
async function start(ips: string): Promise<void> {
  await world.client.networks.define({ body: network(ips) });
  await world.client.networks.start({ network: 'lan' });
}

const root = "<filesystem type='template'><source name='debian'/><target dir='/'/></filesystem>";
const link = "<interface type='network'><source network='lan'/></interface>";

/** Each once, in an order of its own. */
const all = (texts: readonly string[], pattern: RegExp): string[] =>
  [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, one = '']) => one)))].sort();

interface Facts {
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
}

/** By which a router says that it is the gateway. */
const linkAddress = (): Promise<string> =>
  waitFor('an address of the bridge', async () => {
    const shown = await world.enclosure.output('ip', '-6', '-o', 'address', 'show', 'scope', 'link');
    return /virbr\S+ +inet6 (\S+)\//.exec(shown)?.[1];
  });

const look = (name: string): Promise<string> =>
  world.shell(
    name,
    `ip address show dev eth0 scope global; ip route; ip -6 route; cat /etc/resolv.conf
     sed -n 's/^DNS=/nameservers /p; s/^DOMAINS=/search /p' /run/systemd/netif/links/* 2>/dev/null || true`,
  );

/** What several looks saw: of clients of one family each writes names of its own. */
async function factsOf(looks: readonly string[]): Promise<Facts> {
  const local = await linkAddress();
  const servers = all(looks, /^nameservers? (.*)$/gm).flatMap((line) => line.split(' '));
  return {
    addresses: all(looks, /inet6? ([^/ ]+)\//g),
    gateways: all(
      looks.map((text) => text.replaceAll(local, gateways[1])),
      /(?:default|nexthop) via (\S+)/g,
    ),
    nameservers: [...new Set(servers)].sort(),
    // A resolver takes a domain alone for what is searched, too.
    searches: all(looks, /^(?:search|domain) (.*?)\.?$/gm),
  };
}

const gateways = ['10.99.1.1', 'fd00:99:1::1'] as const;
const forget = 'ip address flush dev eth0 scope global; ip route flush default; : >/etc/resolv.conf';
const unit = '[Match]\nName=eth0\n[Network]\nDHCP=yes\n[DHCPv4]\nUseDomains=yes\n[DHCPv6]\nUseDomains=yes\n';
const sleeping = ['/bin/sleep', 'infinity'];

/** Each begins as in a root that is new: what it was called before it has forgotten. */
const clients: Readonly<
  Record<string, { readonly init: readonly string[]; readonly asks: readonly string[] }>
> = {
  dhclient: {
    init: sleeping,
    asks: ['4', '6'].map(
      // It does not wait for an address of the link, which is looked at for a second first.
      (family) =>
        `hostname other; rm -f /var/lib/dhcp/*; until dhclient -${family} -1 eth0; do sleep 0.3; done`,
    ),
  },
  dhcpcd: { init: sleeping, asks: ['hostname other; rm -rf /var/lib/dhcpcd/*; dhcpcd -q eth0'] },
  'systemd-networkd': {
    init: [],
    asks: [
      `rm -f /etc/machine-id; systemd-machine-id-setup; printf '${unit}' >/etc/systemd/network/eth0.network; systemctl restart systemd-networkd`,
    ],
  },
};

for (const [client, { init, asks }] of Object.entries(clients))
  test(`${client} ends with what was there before init ran`, async () => {
    await start(`${ranges[4]}${ranges[6]}`);
    await world.run(domainXml({ name: 'asks', program: init, filesystems: [root], interfaces: [link] }));
    for (const round of ['first', 'second']) {
      const before = await factsOf([await look('asks')]);
      assert.deepEqual(before, {
        ...{ addresses: ['10.99.1.10', 'fd00:99:1::10'], gateways },
        ...{ nameservers: gateways, searches: ['lan.example'] },
      });
      if (init.length === 0) {
        const isUp = async () =>
          (await world.exec('asks', 'systemctl', 'is-system-running')).stdout === 'running\n';
        await waitFor('the boot', isUp, 60_000);
      }
      const looks: string[] = [];
      let seen: unknown;
      for (const ask of asks) {
        await world.shell('asks', `${forget}; (${ask}) >/asked 2>&1`);
        const isDone = async () => {
          const now = await look('asks');
          seen = await factsOf([...looks, now]);
          const isLast = asks.length === looks.length + 1;
          const isSame = isLast ? isDeepStrictEqual(seen, before) : now.includes('nameserver ');
          if (isSame) looks.push(now);
          return isSame;
        };
        await waitFor(`${client} at the ${round} start`, isDone).catch(async () => {
          assert.deepEqual(seen, before, `${ask}\n${await world.shell('asks', 'cat /asked')}`);
        });
      }
      await world.client.domains.destroy({ domain: 'asks' });
      await world.client.domains.start({ domain: 'asks' });
    }
  });

test('name servers of both families are the network’s, and the document’s where it says some', async () => {
  await start(`${ranges[4]}${ranges[6]}`);
  const said = ['192.0.2.53', '2001:db8::53'];
  const dns = `<dns>${said.map((one) => `<nameserver address='${one}'/>`).join('')}<search domain='own.example'/></dns>`;
  const program = sleeping;
  const interfaces = [link];
  await world.run(domainXml({ name: 'by-network', program, interfaces }));
  await world.run(domainXml({ name: 'by-document', program, interfaces, more: dns }));
  const told = (domain: string) => world.shell(domain, 'cat /etc/resolv.conf');
  const lines = (search: string, servers: readonly string[]) =>
    [`search ${search}`, ...servers.map((one) => `nameserver ${one}`)].join('\n');
  assert.equal(await told('by-network'), lines('lan.example', gateways));
  assert.equal(await told('by-document'), lines('own.example', said));
  for (const server of gateways) {
    const asked = `nslookup -type=aaaa by-document.lan.example ${server}`;
    assert.match(await world.shell('by-network', asked), /fd00:99:1::11/);
  }
});
