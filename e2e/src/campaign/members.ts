// Hundreds of domains on one network: each with an address and a name of its own, and DHCP says the same.
// SPDX-License-Identifier: Apache-2.0
import { domainXml } from '../world/documents.js';
import type { World } from '../world/world.js';
import { type Found, inWorld, type Order, type Part } from './part.js';

const lanes = 4;
const network = 'crowd';
const server = '10.72.0.1';
const document = `<network><name>${network}</name><forward mode='nat'/><domain name='crowd.example'/>
  <ip address='${server}' prefix='20'><dhcp><range start='10.72.0.2' end='10.72.15.254'/></dhcp></ip></network>`;

/** `count` domains. */
export const members: Part = {
  what: 'domains on one network: addresses of their own, their names resolve, DHCP answers the same',
  long: { count: 500, minutes: 0 },
  short: { count: 12, minutes: 0 },
  run: async (order) =>
    await inWorld(async (world) => {
      const { networks } = world.client;
      await networks.define({ body: document });
      await networks.start({ network });
      const found = await run(world, order);
      await world.eraseAll();
      await networks.stop({ network });
      await networks.undefine({ network });
      return found;
    }),
};

async function run(world: World, { count, note }: Order): Promise<Found> {
  const names = Array.from({ length: count }, (_, at) => `member-${at}`);
  const faults: string[] = [];
  const addresses = new Map<string, string>();
  const began = performance.now();
  await inLanes(names, async (name, at) => {
    const { domain } = await world.define(
      domainXml({
        name,
        interfaces: [`<interface type='network'><source network='${network}'/></interface>`],
      }),
    );
    addresses.set(name, domain.addresses[0] ?? 'none');
    await world.client.domains.start({ domain: name });
    if (at % 50 === 49) note(`${at + 1} run`);
  });
  const seconds = (performance.now() - began) / 1000;
  const distinct = new Set(addresses.values()).size;
  if (distinct !== count) faults.push(`${distinct} addresses for ${count} domains`);
  await inLanes(names, async (name, at) => {
    const own = addresses.get(name);
    const inside = await world.exec(name, '/bin/busybox', 'ip', '-4', '-o', 'address', 'show', 'dev', 'eth0');
    if (!inside.stdout.includes(` ${own}/20 `)) faults.push(`${name} has not ${own}: ${inside.stdout}`);
    for (const asked of [name, `${name}.crowd.example`]) {
      const looked = await world.enclosure.run(['busybox', 'nslookup', '-type=a', asked, server]);
      if (!looked.stdout.includes(`Address: ${own}\n`))
        faults.push(`${asked} is not ${own}: ${looked.stdout}${looked.stderr}`);
    }
    const words = ['udhcpc', '-n', '-q', '-f', '-t', '5', '-i', 'eth0', '-s', '/bin/true'];
    const asked = await world.exec(name, '/bin/busybox', ...words);
    if (!`${asked.stdout}${asked.stderr}`.includes(`lease of ${own} obtained`))
      faults.push(`DHCP gives ${name} not ${own}: ${asked.stdout}${asked.stderr}`);
    if (at % 50 === 49) note(`${at + 1} asked`);
  });
  const leases = await world.client.networks.leases({ network });
  if (leases.length !== count) faults.push(`${leases.length} leases for ${count} domains`);
  return {
    done: `${count} domains on one network`,
    figures: `${distinct} addresses, ${2 * count} names asked for, ${count} DHCP clients; defined and started in ${seconds.toFixed(0)} s`,
    faults: faults.slice(0, 20),
  };
}

async function inLanes(
  names: readonly string[],
  work: (name: string, at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < names.length; at = next++) await work(names[at] ?? '', at);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
