// Addresses that somebody named for links of the host to answer for (`ip neigh add proxy ADDRESS dev LINK`): of IPv6 there is no other way.
// SPDX-License-Identifier: Apache-2.0
import { run } from '../host/run.js';
import { addressBytes } from './link-addresses.js';

/** A link that answers for an address. */
export interface NamedProxy {
  readonly address: string;
  readonly link: string;
}

/** Those of these addresses, or all. */
export async function proxiesFor(addresses?: readonly string[]): Promise<NamedProxy[]> {
  if (addresses?.length === 0) return [];
  const { stdout } = await ip(['show', 'proxy']);
  const found = [...stdout.matchAll(/^(\S+) dev (\S+)/gm)];
  const wanted = addresses?.map(keyOf);
  return found.flatMap(([, address = '', link = '']) =>
    wanted === undefined || wanted.includes(keyOf(address)) ? [{ address, link }] : [],
  );
}

export async function addProxies(proxies: readonly NamedProxy[]): Promise<void> {
  for (const { address, link } of proxies) await ip(['replace', 'proxy', address, 'dev', link]);
}

/** From now on nobody is answered for them there. */
export async function dropProxies(proxies: readonly NamedProxy[]): Promise<void> {
  for (const { address, link } of proxies) {
    const isThere = (await proxiesFor([address])).some((one) => one.link === link);
    if (isThere) await ip(['delete', 'proxy', address, 'dev', link]);
  }
}

const keyOf = (address: string): string => addressBytes(address).toString('hex');

const ip = (words: readonly string[]) => run(['/sbin/ip', 'neighbour', ...words], { timeoutMs: 10_000 });

/** By what the kernel's list has of them. */
export const isNamed = (proxies: readonly NamedProxy[], { address, link }: NamedProxy): boolean =>
  proxies.some((one) => one.link === link && keyOf(one.address) === keyOf(address));
