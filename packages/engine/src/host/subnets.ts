// Which networks this host has links in, or sends to by a route of its own, as the kernel tells it.
// SPDX-License-Identifier: Apache-2.0
import { linkOfIndex } from './links.js';
import { attributesOf, get16, get32, HEADER, message, put32, REQUEST } from './netlink.js';
import { ask, dump } from './netlink-route.js';

const NEW_LINK = 16;
const GET_LINK = 18;
const NEW_ADDRESS = 20;
const GET_ADDRESS = 22;
const NEW_ROUTE = 24;
const GET_ROUTE = 26;
/** struct ifinfomsg, ifaddrmsg, rtmsg. */
const headers = { link: 16, address: 8, route: 12 } as const;
const linkAttributes = { mac: 1, name: 3, info: 18, alias: 20, kind: 1 } as const;
/** Where a link has another end, the first is that one's. */
const addressAttributes = { address: 1, local: 2 } as const;
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

/** A link, with what tells whose it is. */
export interface HostLink {
  readonly name: string;
  readonly index: number;
  /** The kernel's word for what it is; empty for a card. */
  readonly kind: string;
  /** What somebody wrote on it; empty for nothing. */
  readonly alias: string;
  readonly mac: string;
}

const textOf = (bytes: Buffer | undefined): string => bytes?.toString('utf8').replace(/\0.*$/s, '') ?? '';

/** Of all links. */
export function hostLinks(): HostLink[] {
  return dump(GET_LINK, NEW_LINK, headers.link, (head, body) => {
    const values = new Map(body.map(({ type, value }) => [type & 0x3fff, value]));
    const info = values.get(linkAttributes.info) ?? Buffer.alloc(0);
    const kind = attributesOf(info, 0, info.length, [linkAttributes.kind])[0]?.value;
    const mac = values.get(linkAttributes.mac) ?? Buffer.alloc(0);
    return [
      {
        name: textOf(values.get(linkAttributes.name)),
        index: get32(head, 4),
        kind: textOf(kind),
        alias: textOf(values.get(linkAttributes.alias)),
        mac: [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
      },
    ];
  });
}

const IS_UP = 1;

/** Whether somebody has set the link of this number up, carrier or not; one that is not there is not. */
export function isUp(index: number): boolean {
  let flags = 0;
  const body = Buffer.alloc(headers.link);
  put32(body, index, 4);
  ask(message(GET_LINK, REQUEST, body), (answer) => {
    if (get16(answer, 4) === NEW_LINK) flags = get32(answer, HEADER + 8);
    return true;
  });
  return (flags & IS_UP) !== 0;
}

/** What the host's links have, but for what each has of itself. */
export function hostAddresses(): HostSubnet[] {
  return dump(GET_ADDRESS, NEW_ADDRESS, headers.address, (head, body) => {
    const values = new Map(body.map(({ type, value }) => [type, value]));
    const address = values.get(addressAttributes.local) ?? values.get(addressAttributes.address);
    const link = linkOfIndex(get32(head, 4));
    if (address === undefined || link === undefined || head.readUInt8(3) === SCOPE_LINK) return [];
    return [{ link, address, bits: head.readUInt8(1) }];
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
  return dump(GET_ROUTE, NEW_ROUTE, headers.route, (head, body) => {
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
