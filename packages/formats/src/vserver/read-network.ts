// A guest's addresses on the host's own stack, or its network namespace.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Interface } from '@ctvirt/xml';
import { withInterfaces, withPrivnet } from '../edit.js';
import { approximated, carried, ignored, settle } from '../outcome.js';
import type { GuestContext } from './read-limits.js';

/** `255.255.255.0` as 24; undefined for a mask with holes. */
function prefixOfMask(mask: string): number | undefined {
  if (familyOf(mask) !== 'ipv4') return undefined;
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;

function readAddresses(domain: Domain, { tree, report }: GuestContext): Domain {
  let result = domain;
  const common =
    number(tree.scalar('interfaces/prefix')) ?? prefixOfMask(tree.scalar('interfaces/mask') ?? '');
  for (const id of tree.children('interfaces')) {
    const base = `interfaces/${id}`;
    const given = tree.scalar(`${base}/ip`);
    if (given === undefined) continue;
    const place = tree.place(`${base}/ip`);
    const [address = '', slash] = given.split('/');
    const family = familyOf(address);
    const own =
      number(slash) ??
      number(tree.scalar(`${base}/prefix`)) ??
      prefixOfMask(tree.scalar(`${base}/mask`) ?? '');
    const prefix = own ?? (family === 'ipv4' ? common : undefined);
    if (family === undefined) report.ignored(place, `${given} is no address`);
    else if (tree.has(`${base}/disabled`)) report.ignored(place, 'it is disabled');
    else {
      const ip = { address, family, ...(prefix === undefined ? {} : { prefix }) };
      result = settle(
        result,
        approximated(
          withInterfaces(result, [{ type: 'ethernet', ips: [ip] }]),
          'an interface of its own with this address, routed, in place of an address of the host',
        ),
        [place],
        report,
      );
      for (const name of ['prefix', 'mask'])
        if (tree.scalar(`${base}/${name}`) !== undefined)
          report.carried(tree.place(`${base}/${name}`), 'prefix');
    }
  }
  for (const name of ['prefix', 'mask'])
    if (tree.scalar(`interfaces/${name}`) !== undefined)
      report.carried(tree.place(`interfaces/${name}`), 'prefix');
  return result;
}

function readNamespace(domain: Domain, { tree, report }: GuestContext): Domain {
  if (tree.children('netns').length === 0) return domain;
  let result = domain;
  for (const id of tree.children('netns/interfaces')) {
    const base = `netns/interfaces/${id}`;
    const [host, guest] = [tree.scalar(`${base}/host`), tree.scalar(`${base}/guest`) ?? `geth${id}`];
    const type = tree.scalar(`${base}/type`) ?? 'veth';
    const places = ['host', 'guest', 'type']
      .filter((name) => tree.has(`${base}/${name}`))
      .map((name) => tree.place(`${base}/${name}`));
    if (type !== 'veth' || guest === '') {
      settle(domain, ignored(`interfaces of type ${type} have no element`), places, report);
      continue;
    }
    const link: Interface = {
      type: 'ethernet',
      ...(host === undefined || host === '' ? {} : { target: { dev: host } }),
      guest: { dev: guest },
    };
    const more = withInterfaces(result, [link]);
    result = settle(result, carried(more, 'interface of type ethernet'), places, report);
  }
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
