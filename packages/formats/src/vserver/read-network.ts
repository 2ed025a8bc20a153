// A guest's addresses on the host's own stack, or its network namespace.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Interface } from '@ctvirt/xml';
import { prefixOfMask } from '../addresses.js';
import { withInterfaces, withPrivnet } from '../edit.js';
import { approximated, carried, ignored, settle } from '../outcome.js';
import type { GuestContext } from './read-limits.js';

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;

/** The name of the folder of an address, or of an interface, by its place. */
export const addressFolder = (place: number): string => `interfaces/${String(place).padStart(2, '0')}`;
export const linkFolder = (place: number): string => `netns/interfaces/${place}`;

function readAddresses(domain: Domain, { tree, report, folders }: GuestContext): Domain {
  let result = domain;
  const common =
    number(tree.scalar('interfaces/prefix')) ?? prefixOfMask(tree.scalar('interfaces/mask') ?? '');
  const others: string[] = [];
  let count = 0;
  for (const id of tree.children('interfaces')) {
    const base = `interfaces/${id}`;
    if (id === 'prefix' || id === 'mask') continue;
    const given = tree.scalar(`${base}/ip`);
    const [address = '', slash] = given?.split('/') ?? [];
    const family = familyOf(address);
    const place = tree.place(`${base}/ip`);
    if (family === undefined || tree.has(`${base}/disabled`)) {
      if (given !== undefined)
        report.ignored(place, family === undefined ? `${given} is no address` : 'it is disabled; kept whole');
      others.push(base);
      continue;
    }
    const own =
      number(slash) ??
      number(tree.scalar(`${base}/prefix`)) ??
      prefixOfMask(tree.scalar(`${base}/mask`) ?? '');
    const prefix = own ?? (family === 'ipv4' ? common : undefined);
    const ip = { address, family, ...(prefix === undefined ? {} : { prefix }) };
    const next = settle(
      result,
      approximated(
        withInterfaces(result, [{ type: 'ethernet', ips: [ip] }]),
        'an interface of its own with this address, routed, in place of an address of the host',
      ),
      [place],
      report,
    );
    if (next === result) {
      others.push(base);
      continue;
    }
    result = next;
    folders.move(base, addressFolder(count++));
    for (const name of ['prefix', 'mask'])
      if (tree.scalar(`${base}/${name}`) !== undefined)
        report.carried(tree.place(`${base}/${name}`), 'prefix');
  }
  folders.keep(others, (index) => addressFolder(count + index));
  for (const name of ['prefix', 'mask'])
    if (tree.scalar(`interfaces/${name}`) !== undefined)
      report.carried(tree.place(`interfaces/${name}`), 'prefix');
  return result;
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
  if (value === '' || value === '0')
    return settle(
      domain,
      carried(domain, value === '' ? 'a network of its own' : "the host's network"),
      [place],
      report,
    );
  const sharenet = { type: 'name', value } as const;
  return settle(
    domain,
    carried({ ...domain, lxcNamespace: { ...domain.lxcNamespace, sharenet } }, 'lxc:sharenet'),
    [place],
    report,
  );
}

export const networkReads = [readAddresses, readNamespace, readSharing] as const;
