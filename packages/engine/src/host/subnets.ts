// Which networks this host has links in, or sends to by a route of its own, as the kernel tells it.
// SPDX-License-Identifier: Apache-2.0
import { allAddresses } from './link-addresses.js';
import { linkOfIndex } from './links.js';
import { get32 } from './netlink.js';
import { dump } from './netlink-route.js';

const NEW_ROUTE = 24;
const GET_ROUTE = 26;
/** struct rtmsg. */
const ROUTE_HEADER = 12;
const routeAttributes = { to: 1, link: 4 } as const;
const MAIN_TABLE = 254;
const UNICAST = 1;
const SCOPE_LINK = 253;
/** Whose advertisements the kernel itself has made a route of. */
const PROTOCOL_RA = 9;

/** An address of the host's own, or where a route leads. */
export interface HostSubnet {
  readonly link: string;
  /** 4 or 16 bytes. */
  readonly address: Buffer;
  readonly bits: number;
}

/** What the host's links have, but for what each has of itself. */
export function hostAddresses(): HostSubnet[] {
  return allAddresses().flatMap(({ index, address, bits, scope }) => {
    const link = linkOfIndex(index);
    return link === undefined || scope === SCOPE_LINK ? [] : [{ link, address, bits }];
  });
}

/** Where routes lead, but for those that lead everywhere. */
export const hostRoutes = (): HostSubnet[] => routes(({ bits }) => bits > 0);

/** By which links routes lead everywhere. */
export const defaultLinks = (): string[] => routes(({ bits }) => bits === 0).map(({ link }) => link);

/** By which links routers have told the host their way. */
export const advertisedLinks = (): string[] => [
  ...new Set(routes((_, protocol) => protocol === PROTOCOL_RA).map(({ link }) => link)),
];

function routes(isMeant: (route: HostSubnet, protocol: number) => boolean): HostSubnet[] {
  return dump(GET_ROUTE, NEW_ROUTE, ROUTE_HEADER, (head, body) => {
    if (head.readUInt8(4) !== MAIN_TABLE || head.readUInt8(7) !== UNICAST) return [];
    const values = new Map(body.map(({ type, value }) => [type, value]));
    const index = values.get(routeAttributes.link);
    const link = index === undefined ? undefined : linkOfIndex(get32(index, 0));
    if (link === undefined) return [];
    const address = values.get(routeAttributes.to) ?? Buffer.alloc(0);
    const route = { link, address, bits: head.readUInt8(1) };
    return isMeant(route, head.readUInt8(5)) ? [route] : [];
  });
}
