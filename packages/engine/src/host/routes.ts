// Where this host sends what is for an address, by its own rules and tables, as the kernel tells it.
// SPDX-License-Identifier: Apache-2.0
import { linkOfIndex } from './links.js';
import {
  type Attribute,
  attribute,
  attributesOf,
  get16,
  get32,
  HEADER,
  message,
  NLMSG_ERROR,
  parts,
  put32,
  REQUEST,
  refusalOfMessage,
} from './netlink.js';
import { ask, dump } from './netlink-route.js';

const NEW_ROUTE = 24;
const GET_ROUTE = 26;
/** struct rtmsg, and where in it what is. */
const ROUTE_HEADER = 12;
const at = { bits: 1, table: 4, type: 7, flags: 8 } as const;
const attributes = { to: 1, link: 4, metric: 6 } as const;
const AF_INET = 2;
const AF_INET6 = 10;
const MAIN_TABLE = 254;
/** Asks for the route as it stands in its table. */
const AS_IT_STANDS = 0x2000;
/** What the kernel answers in the place of a route that leads nowhere. */
const nowhere: readonly string[] = ['EINVAL', 'EACCES', 'EHOSTUNREACH'];

const kinds = { 1: 'link', 2: 'host', 3: 'broadcast' } as const;

/** A route that the host has for one address alone. */
export interface Route {
  /** What becomes of packets: they go out by a link, are the host's own, are everybody's there, or go nowhere. */
  readonly kind: 'link' | 'host' | 'broadcast' | 'nowhere';
  /** Undefined where there are several, or none. */
  readonly link: string | undefined;
  readonly metric: number;
}

/** Whether the host delivers to itself what is sent there; what no route leads to is not its own. */
export function isOwnAddress(address: Buffer): boolean {
  return lookUp(address, 0)?.route.kind === 'host';
}

/** The route that the host has for exactly this address, whichever networks it has routes to besides. */
export function routeTo(address: Buffer): Route | undefined {
  const found = lookUp(address, AS_IT_STANDS);
  if (found?.bits === 8 * address.length) return found.route;
  // Of one that leads nowhere the kernel does not tell for how many addresses it is.
  return found?.route.kind === 'nowhere' ? deadEnd(address) : undefined;
}

/** What is chosen, and for how many bits it stands. */
function lookUp(address: Buffer, flags: number): { route: Route; bits: number | undefined } | undefined {
  const head = Buffer.alloc(ROUTE_HEADER);
  head[0] = address.length === 4 ? AF_INET : AF_INET6;
  head[at.bits] = 8 * address.length;
  put32(head, flags, at.flags);
  const body = Buffer.concat([head, attribute(attributes.to, address)]);
  let found: { route: Route; bits: number | undefined } | undefined;
  ask(message(GET_ROUTE, REQUEST, body), (messages) => {
    const type = get16(messages, 4);
    if (type === NEW_ROUTE) {
      const [first] = parts(messages, 0, messages.length, HEADER);
      const end = first?.end ?? 0;
      const start = HEADER + ROUTE_HEADER;
      found = {
        route: read(messages.subarray(HEADER, start), attributesOf(messages, start, end)),
        bits: messages.readUInt8(HEADER + at.bits),
      };
    } else if (type === NLMSG_ERROR && nowhere.includes(refusalOfMessage(messages, 0) ?? ''))
      found = { route: { kind: 'nowhere', link: undefined, metric: 0 }, bits: undefined };
    return true; // any other error says that no route leads there
  });
  return found;
}

function deadEnd(address: Buffer): Route | undefined {
  const [found] = dump(GET_ROUTE, NEW_ROUTE, ROUTE_HEADER, (head, body) => {
    const isSame = body.some(({ type, value }) => type === attributes.to && value.equals(address));
    const isWhole = head.readUInt8(at.bits) === 8 * address.length && head.readUInt8(at.table) === MAIN_TABLE;
    return isSame && isWhole ? [read(head, body)] : [];
  });
  return found;
}

function read(head: Buffer, body: readonly Attribute[]): Route {
  const number = (wanted: number): number | undefined => {
    const value = body.find(({ type }) => type === wanted)?.value;
    return value === undefined ? undefined : get32(value, 0);
  };
  const link = number(attributes.link);
  const type = head.readUInt8(at.type);
  const kind = type === 1 || type === 2 || type === 3 ? kinds[type] : 'nowhere';
  return {
    kind,
    // IPv6 says the loopback link of what goes nowhere.
    link: link === undefined || kind === 'nowhere' ? undefined : linkOfIndex(link),
    metric: number(attributes.metric) ?? 0,
  };
}
