// Hardware addresses of links whose document gives none: chosen when it is defined, and in it from then on.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { madeMac } from '../network/link-addresses.js';
import type { DomainRecord } from '../state/record.js';
import { withInterfaces } from './edit.js';
import { eachLink } from './links.js';

/** A document to be stored. Each address follows from the link's name unless another link was called so when it got its own. */
export function withOwnMacs(domain: Domain, record: DomainRecord): Domain {
  const { interfaces = [] } = domain.devices;
  const taken = new Set(interfaces.flatMap(({ mac }) => mac?.address.toLowerCase() ?? []));
  if (interfaces.every(({ mac }) => mac !== undefined)) return domain;
  const links = eachLink(domain, record).map(({ link, plan: { name, mac } }) => {
    // A card keeps its own.
    if (link.mac !== undefined || mac === '') return link;
    let address = mac;
    for (let more = 2; taken.has(address); more++) address = madeMac(record.uuid, `${name} ${more}`);
    taken.add(address);
    return { ...link, mac: { address } };
  });
  return withInterfaces(domain, links);
}
