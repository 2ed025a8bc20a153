// Tells neighbours where the addresses of a container are from now on: inside its own network by its links, and for routed ones by the
// links of the host that answer for them.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { type HostLink, hostLinks } from '../host/host-links.js';
import { inNetwork } from '../host/other-network.js';
import { sendFrames } from '../host/packets.js';
import { type HostSubnet, hostAddresses } from '../host/subnets.js';
import { announcement } from './announcement.js';
import { addressBytes } from './link-addresses.js';
import { type LinkPlan, prefixOfEnd } from './link-plan.js';
import { addProxies, isNamed, type NamedProxy, proxiesFor } from './proxies.js';
import { isIn } from './strangers.js';

type Announced = Pick<LinkPlan, 'kind' | 'name' | 'hostName' | 'addresses' | 'up'>;
type Address = LinkPlan['addresses'][number];

/** Of a container that runs. Returns what could not be told, a sentence each. */
export async function announce(initPid: number, links: readonly Announced[]): Promise<string[]> {
  const up = links.filter((link) => link.up && link.addresses.length > 0);
  const own = up.filter(({ kind }) => kind !== 'routed');
  const routed = up.filter(({ kind }) => kind === 'routed');
  return [...(own.length > 0 ? announceInside(initPid, own) : []), ...(await announceRouted(routed))];
}

function announceInside(initPid: number, links: readonly Announced[]): string[] {
  try {
    return inNetwork(`/proc/${initPid}/ns/net`, () => {
      const there = hostLinks();
      return links.flatMap(({ name, addresses }) =>
        addresses.flatMap((one) => {
          const link = there.find((each) => each.name === name);
          return link === undefined ? [untold(one, `there is no ${name} inside`)] : sent(link, one);
        }),
      );
    });
  } catch (error) {
    // It may have ended by now.
    return links.flatMap(({ addresses }) => addresses.map((one) => untold(one, String(error))));
  }
}

async function announceRouted(links: readonly Announced[]): Promise<string[]> {
  if (links.length === 0) return [];
  const there = hostLinks().filter(isAmongNeighbours);
  const subnets = hostAddresses();
  const named = await proxiesFor();
  const told: string[] = [];
  for (const { hostName, addresses } of links)
    for (const one of addresses) {
      const others = there.filter(({ name }) => name !== hostName);
      const by: HostLink[] = [];
      for (const link of others) if (await doesAnswer(link.name, one, { named, subnets })) by.push(link);
      if (by.length === 0) told.push(untold(one, nobody));
      for (const link of by) told.push(...sent(link, one));
    }
  return told;
}

/** Up, with hardware addresses that somebody asks for, and not a container's. */
const isAmongNeighbours = ({ name, isUp, flags, mac }: HostLink): boolean =>
  isUp && (flags & NO_NEIGHBOURS) === 0 && mac !== '' && prefixOfEnd(name) === undefined;
/** The loopback link, and those without ARP. */
const NO_NEIGHBOURS = 0x8 | 0x80;

const nobody =
  'no link of this host answers for it (proxy_arp or proxy_ndp, and forwarding): whoever routes to it has to send it here';

function sent({ index, name, mac }: HostLink, one: Address): string[] {
  try {
    sendFrames(index, announcement(mac, addressBytes(one.address)));
    return [];
  } catch (error) {
    return [untold(one, `${name}: ${error instanceof Error ? error.message : String(error)}`)];
  }
}

const untold = ({ address }: Address, why: string): string =>
  `neighbours are not told where ${address} is now: ${why}`;

/**
 * As the kernel decides it for what is not its own. Of IPv6 a link answers for what is named alone: what is in a network of a link that
 * is to answer is named here.
 */
async function doesAnswer(
  link: string,
  { address, family }: Address,
  { named, subnets }: { readonly named: readonly NamedProxy[]; readonly subnets: readonly HostSubnet[] },
): Promise<boolean> {
  if (!isOn(family, link, 'forwarding')) return false;
  const words = family === 4 ? 'proxy_arp' : 'proxy_ndp';
  const isAnswering = isOn(family, 'all', words) || isOn(family, link, words);
  const proxy = { address, link };
  const wasNamed = isNamed(named, proxy);
  if (family === 4) return isAnswering || wasNamed;
  const bytes = addressBytes(address);
  if (!isAnswering || wasNamed) return isAnswering;
  if (!subnets.some((subnet) => subnet.link === link && isIn(subnet, bytes))) return false;
  await addProxies([proxy]);
  return true;
}

function isOn(family: 4 | 6, link: string, key: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv${family}/conf/${link}/${key}`, 'utf8').trim() !== '0';
  } catch {
    return false; // no such family on it, or gone
  }
}
