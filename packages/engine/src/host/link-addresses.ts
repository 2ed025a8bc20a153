// Addresses this host has and relies on, asked of the kernel by netlink: also on links that have no carrier yet.
// SPDX-License-Identifier: Apache-2.0
import { linkIndex } from './links.js';
import { type Attribute, attributesOf, get16, get32, parts } from './netlink.js';
import { dump } from './netlink-route.js';

const NEW_ADDRESS = 20;
const GET_ADDRESS = 22;
const NEW_ROUTE = 24;
const GET_ROUTE = 26;
const NEW_NEIGHBOUR = 28;
const GET_NEIGHBOUR = 30;
const NEW_NEXT_HOP = 104;
const GET_NEXT_HOP = 106;
const ADDRESS_HEADER = 8;
/** struct rtmsg. */
const ROUTE_HEADER = 12;
const ROUTE_LINK = 4;
const ROUTE_GATEWAY = 5;
const ROUTE_SEVERAL = 9;
/** Of another family than the route: two bytes of it come first. */
const ROUTE_VIA = 18;
/** struct rtnexthop, and where in it the link is. */
const HOP_HEADER = 8;
const HOP_LINK = 4;
/** struct nhmsg. */
const NEXT_HOP_HEADER = 8;
const NEXT_HOP_LINK = 5;
const NEXT_HOP_GATEWAY = 6;
/** struct ndmsg, with the link and the state in it. */
const NEIGHBOUR_HEADER = 12;
const NEIGHBOUR_LINK = 4;
const NEIGHBOUR_STATE = 8;
const NEIGHBOUR_ADDRESS = 1;
const PERMANENT = 0x80;
/** Where a link has another end, the first is that one's. */
const attributes = { address: 1, local: 2 } as const;

/** An address of a link. */
export interface LinkAddress {
  /** The link's. */
  readonly index: number;
  /** 4 or 16 bytes. */
  readonly address: Buffer;
  readonly bits: number;
  readonly scope: number;
}

/** Of all links of this network. */
export const allAddresses = (): LinkAddress[] =>
  dump(GET_ADDRESS, NEW_ADDRESS, ADDRESS_HEADER, (head, body) => {
    const values = new Map(body.map(({ type, value }) => [type, value]));
    const address = values.get(attributes.local) ?? values.get(attributes.address);
    if (address === undefined) return [];
    return [{ index: get32(head, 4), address, bits: head.readUInt8(1), scope: head.readUInt8(3) }];
  });

/** 4 or 16 bytes each. */
export function addressesOn(links: Iterable<string>): Buffer[] {
  const indexes = new Set([...links].map(linkIndex));
  return allAddresses().flatMap(({ index, address }) => (indexes.has(index) ? [address] : []));
}

/** Whom the host sends what is for others, and whom it knows for good: the routers of its own and its fixed neighbours. */
export function peersOn(links: Iterable<string>): Buffer[] {
  const indexes = new Set([...links].map(linkIndex));
  const hop = (body: readonly Attribute[], link: number): Buffer[] =>
    body.flatMap(({ type, value }) => {
      if (type === ROUTE_GATEWAY && indexes.has(link)) return [value];
      if (type === ROUTE_VIA && indexes.has(link)) return [value.subarray(2)];
      return type === ROUTE_SEVERAL ? hops(value) : [];
    });
  const hops = (bytes: Buffer): Buffer[] =>
    [...parts(bytes, 0, bytes.length, HOP_HEADER)].flatMap(({ at, end }) =>
      hop(attributesOf(bytes, at + HOP_HEADER, end), get32(bytes, at + HOP_LINK)),
    );
  const linkOf = (body: readonly Attribute[], type: number): number => {
    const value = body.find((one) => one.type === type)?.value;
    return value === undefined ? 0 : get32(value, 0);
  };
  return [
    ...dump(GET_ROUTE, NEW_ROUTE, ROUTE_HEADER, (_, body) => hop(body, linkOf(body, ROUTE_LINK))),
    ...dump(GET_NEXT_HOP, NEW_NEXT_HOP, NEXT_HOP_HEADER, (_, body) =>
      indexes.has(linkOf(body, NEXT_HOP_LINK))
        ? body.flatMap(({ type, value }) => (type === NEXT_HOP_GATEWAY ? [value] : []))
        : [],
    ),
    ...dump(GET_NEIGHBOUR, NEW_NEIGHBOUR, NEIGHBOUR_HEADER, (head, body) =>
      indexes.has(get32(head, NEIGHBOUR_LINK)) && (get16(head, NEIGHBOUR_STATE) & PERMANENT) !== 0
        ? body.flatMap(({ type, value }) => (type === NEIGHBOUR_ADDRESS ? [value] : []))
        : [],
    ),
  ].filter(({ length }) => length === 4 || length === 16);
}
