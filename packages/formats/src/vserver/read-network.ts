// A guest's addresses on the host's own stack, or its network namespace.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Interface, type Ip, prefixOf } from '@ctvirt/xml';
import { withInterfaces, withPrivnet } from '../edit.js';
import { approximated, carried, ignored, settle } from '../outcome.js';
import type { GuestContext } from './read-limits.js';

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;

/** The name of the folder of an address, or of an interface, by its place. */
export const addressFolder = (place: number): string => `interfaces/${String(place).padStart(2, '0')}`;
/** The same, of an interface in a network namespace of its own. */
export const linkFolder = (place: number): string => `netns/interfaces/${place}`;

/** The address of a folder that is one of the guest's: undefined for none, and for one that is disabled. */
function addressIn(base: string, common: number | undefined, { tree, report }: GuestContext): Ip | undefined {
  const given = tree.scalar(`${base}/ip`);
  const [address = '', slash] = given?.split('/') ?? [];
  const family = familyOf(address);
  if (family === undefined || tree.has(`${base}/disabled`)) {
    const why = family === undefined ? `${given} is no address` : 'it is disabled';
    if (given !== undefined) report.ignored(tree.place(`${base}/ip`), `${why}; kept whole`);
    return undefined;
  }
  const own =
    number(slash) ?? number(tree.scalar(`${base}/prefix`)) ?? prefixOf(tree.scalar(`${base}/mask`) ?? '');
  const prefix = own ?? (family === 'ipv4' ? common : undefined);
  return { address, family, ...(prefix === undefined ? {} : { prefix }) };
}

const routed = 'an interface of its own with this address, routed, in place of an address of the host';

function readAddresses(domain: Domain, context: GuestContext): Domain {
  const { tree, report, folders } = context;
  let result = domain;
  const common = number(tree.scalar('interfaces/prefix')) ?? prefixOf(tree.scalar('interfaces/mask') ?? '');
  const others: string[] = [];
  let count = 0;
  for (const id of tree.children('interfaces').filter((name) => name !== 'prefix' && name !== 'mask')) {
    const base = `interfaces/${id}`;
    const ip = addressIn(base, common, context);
    const more = ip === undefined ? result : withInterfaces(result, [{ type: 'ethernet', ips: [ip] }]);
    const next =
      ip === undefined
        ? result
        : settle(result, approximated(more, routed), [tree.place(`${base}/ip`)], report);
    if (next === result) others.push(base);
    else {
      folders.move(base, addressFolder(count++));
      tellPrefix(base, context);
    }
    result = next;
  }
  folders.keep(others, (index) => addressFolder(count + index));
  tellPrefix('interfaces', context);
  return result;
}

function tellPrefix(base: string, { tree, report }: GuestContext): void {
  for (const name of ['prefix', 'mask'])
    if (tree.scalar(`${base}/${name}`) !== undefined) report.carried(tree.place(`${base}/${name}`), 'prefix');
}

function readNamespace(domain: Domain, { tree, report, folders }: GuestContext): Domain {
  if (tree.children('netns').length === 0) return domain;
  let result = domain;
  const others: string[] = [];
  let count = 0;
  for (const id of tree.children('netns/interfaces')) {
    const base = `netns/interfaces/${id}`;
    const [host, guest] = [tree.scalar(`${base}/host`), tree.scalar(`${base}/guest`) ?? `geth${id}`];
    const type = tree.scalar(`${base}/type`) ?? 'veth';
    const places = ['host', 'guest', 'type']
      .filter((name) => tree.has(`${base}/${name}`))
      .map((name) => tree.place(`${base}/${name}`));
    if (type !== 'veth' || guest === '') {
      settle(domain, ignored(`interfaces of type ${type} have no element; kept whole`), places, report);
      others.push(base);
      continue;
    }
    const link: Interface = {
      type: 'ethernet',
      ...(host === undefined || host === '' ? {} : { target: { dev: host } }),
      guest: { dev: guest },
    };
    result = settle(
      result,
      carried(withInterfaces(result, [link]), 'interface of type ethernet'),
      places,
      report,
    );
    folders.move(base, linkFolder(count++));
  }
  folders.keep(others, (index) => linkFolder(count + index));
  return result === domain ? withPrivnet(domain) : result;
}

function readSharing(domain: Domain, { tree, report }: GuestContext): Domain {
  const value = tree.scalar('spaces/net');
  if (value === undefined) return domain;
  const place = tree.place('spaces/net');
  if (value === '') return settle(domain, carried(domain, 'a network of its own'), [place], report);
  if (value === '0') {
    tree.leave('spaces/net');
    report.ignored(place, 'a container never shares the network of the host here; kept whole');
    return domain;
  }
  const sharenet = { type: 'name', value } as const;
  return settle(
    domain,
    carried({ ...domain, lxcNamespace: { ...domain.lxcNamespace, sharenet } }, 'lxc:sharenet'),
    [place],
    report,
  );
}

/** In this order: addresses on the host, interfaces of its own, a namespace it shares. */
export const networkReads = [readAddresses, readNamespace, readSharing] as const;
