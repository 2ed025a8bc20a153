// The host's end of a routed link: what a container with an address of its own needs to reach anything but itself.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, writeFileSync } from 'node:fs';
import { run } from '../host/run.js';
import type { LinkPlan } from './link-plan.js';

/** The gateway of every routed container: an address of the link alone, the same on each. */
export const ROUTED_GATEWAY_V6 = 'fe80::1';

/**
 * Of a link that is up for a moment already the wall keeps away what these would let in; they hold without it too.
 * A kernel without IPv6 has none of its files, nor has a link whose packets are too small for it.
 */
const deaf = {
  ipv4: { accept_redirects: 0, accept_source_route: 0, arp_accept: 0 },
  ipv6: { accept_ra: 0, autoconf: 0, accept_redirects: 0, accept_source_route: 0 },
} as const;

/**
 * For IPv4 the host answers on the link for every address it has a route to, as it did for venet.
 * IPv6 has no such answer but for addresses named one by one: there the host's end is the gateway itself.
 */
export async function openRoutedLink(link: LinkPlan): Promise<void> {
  const { hostName, addresses } = link;
  if (link.kind !== 'routed' || hostName === undefined) return;
  for (const [family, values] of Object.entries(deaf)) {
    const folder = `/proc/sys/net/${family}/conf/${hostName}`;
    if (family === 'ipv6' && !existsSync(folder)) continue;
    for (const [key, value] of Object.entries(values)) writeFileSync(`${folder}/${key}`, String(value));
  }
  const families = new Set(addresses.map(({ family }) => family));
  if (families.has(4)) {
    writeFileSync(`/proc/sys/net/ipv4/conf/${hostName}/proxy_arp`, '1');
    // There is no other host on this link whose answer would be waited for: at random, up to 0.8 s, which each start would take.
    writeFileSync(`/proc/sys/net/ipv4/neigh/${hostName}/proxy_delay`, '0');
  }
  if (families.has(6))
    await run(['/sbin/ip', '-6', 'address', 'replace', `${ROUTED_GATEWAY_V6}/64`, 'dev', hostName, 'nodad']);
}

/** Ways to the addresses of one that is up. */
export async function routeToLink({ kind, hostName, addresses }: LinkPlan): Promise<void> {
  if (kind !== 'routed' || hostName === undefined) return;
  for (const { address, prefix, family } of addresses)
    await run(['/sbin/ip', `-${family}`, 'route', 'replace', `${address}/${prefix}`, 'dev', hostName]);
}
