// The host's links as the kernel tells of them: all, or one.
// SPDX-License-Identifier: Apache-2.0
import { macText } from './address-bytes.js';
import {
  type Attribute,
  attribute,
  attributesOf,
  get16,
  get32,
  HEADER,
  message,
  parts,
  put32,
  REQUEST,
} from './netlink.js';
import { ask, dump } from './netlink-route.js';

const NEW_LINK = 16;
const GET_LINK = 18;
/** struct ifinfomsg, and where in it what is. */
export const LINK_HEADER = 16;
export const at = { index: 4, flags: 8, changed: 12 } as const;
export const IFF_UP = 1;
export const numbers = {
  ...{ mac: 1, name: 3, mtu: 4, lower: 5, master: 10, queueLength: 13, mode: 17, info: 18, alias: 20 },
  ...{ counts: 23, networkFd: 28, mask: 29, lowerNamespace: 37, properties: 52, permanentMac: 54 },
  ...{ kind: 1, data: 2, altName: 53 },
} as const;
/** What a bridge says of itself. */
const bridgeNumbers = { vlanFiltering: 7, defaultVlan: 39 } as const;
const wanted = [
  ...[numbers.mac, numbers.name, numbers.mtu, numbers.lower, numbers.master, numbers.queueLength],
  ...[numbers.mode, numbers.info, numbers.alias, numbers.counts, numbers.lowerNamespace],
  ...[numbers.properties, numbers.permanentMac],
];
/** Without what each link has counted, which is most of an answer. */
const SKIP_STATISTICS = 8;

/** A link of this network. */
export interface HostLink {
  readonly name: string;
  readonly index: number;
  /** 'bridge', 'veth' and the like; empty for a card and what else no driver makes on demand. */
  readonly kind: string;
  /** What somebody wrote on it; empty for nothing. */
  readonly alias: string;
  readonly mac: string;
  /** What a card came with; empty for what has none. */
  readonly permanentMac: string;
  readonly mtu: number;
  /** The kernel's flags of it. */
  readonly flags: number;
  readonly queueLength: number;
  /** When it is taken for up: 0 with its carrier. */
  readonly mode: number;
  /** Others that it has beside its name, each character a byte. */
  readonly altNames: readonly string[];
  /** Whether somebody has set it up, carrier or not. */
  readonly isUp: boolean;
  /** What a VLAN, a macvlan or a tunnel is on, by its index here. */
  readonly lower: number | undefined;
  /** The same in another network, by this one's number for that, and its index there; of a pair that is the other end. */
  readonly elsewhere: { readonly network: number; readonly index: number } | undefined;
  /** The bridge or bond it is a port of. */
  readonly master: number | undefined;
  /** Of a bridge: whether it keeps VLANs apart, and which one a new port is in. Undefined also where no bridge of the kernel's can. */
  readonly vlans: { readonly areApart: boolean; readonly first: number } | undefined;
}

/** With what has passed it, as the kernel has it: struct rtnl_link_stats64. */
export interface LinkWithCounts extends HostLink {
  readonly counts: Buffer;
}

/** All there are. */
export function hostLinks(): HostLink[] {
  const mask = Buffer.alloc(4);
  put32(mask, SKIP_STATISTICS, 0);
  const more = { asked: attribute(numbers.mask, mask), wanted };
  return dump(GET_LINK, NEW_LINK, LINK_HEADER, (head, body) => [linkIn(head, body)], more);
}

/** The same, with what has passed them. */
export const countedLinks = (): LinkWithCounts[] =>
  dump(GET_LINK, NEW_LINK, LINK_HEADER, withCounts, { wanted });

/** The one of this name; undefined where there is none. */
export const linkNamed = (name: string): LinkWithCounts | undefined =>
  oneOf(Buffer.alloc(LINK_HEADER), attribute(numbers.name, Buffer.from(`${name}\0`)));

/** The one with this index; undefined where there is none. */
export function linkAt(index: number): LinkWithCounts | undefined {
  const head = Buffer.alloc(LINK_HEADER);
  put32(head, index, at.index);
  return oneOf(head);
}

/** What the body of a message about a link says of it. */
export const linkOfMessage = (body: Buffer): LinkWithCounts[] =>
  withCounts(body.subarray(0, LINK_HEADER), attributesOf(body, LINK_HEADER, body.length, wanted));

function oneOf(...request: readonly Buffer[]): LinkWithCounts | undefined {
  let found: LinkWithCounts | undefined;
  ask(message(GET_LINK, REQUEST, Buffer.concat(request)), (messages) => {
    for (const one of parts(messages, 0, messages.length, HEADER))
      if (one.type === NEW_LINK) [found] = linkOfMessage(messages.subarray(one.at + HEADER, one.end));
    return true;
  });
  return found;
}

function withCounts(head: Buffer, body: readonly Attribute[]): LinkWithCounts[] {
  const counts = body.find(({ type }) => type === numbers.counts)?.value;
  return counts === undefined ? [] : [{ ...linkIn(head, body), counts }];
}

function linkIn(head: Buffer, body: readonly Attribute[]): HostLink {
  const values = new Map(body.map(({ type, value }) => [type, value]));
  const number = (type: number): number | undefined => {
    const value = values.get(type);
    return value === undefined ? undefined : get32(value, 0);
  };
  const info = values.get(numbers.info) ?? Buffer.alloc(0);
  const properties = values.get(numbers.properties) ?? Buffer.alloc(0);
  const flags = get32(head, at.flags);
  const index = get32(head, at.index);
  const [lower, network] = [number(numbers.lower), number(numbers.lowerNamespace)];
  return {
    name: textIn(values.get(numbers.name)),
    index,
    kind: textIn(attributesOf(info, 0, info.length, [numbers.kind])[0]?.value),
    alias: textIn(values.get(numbers.alias)),
    mac: macText(values.get(numbers.mac) ?? Buffer.alloc(0)),
    permanentMac: macText(values.get(numbers.permanentMac) ?? Buffer.alloc(0)),
    mtu: number(numbers.mtu) ?? 0,
    flags,
    queueLength: number(numbers.queueLength) ?? 0,
    mode: values.get(numbers.mode)?.[0] ?? 0,
    altNames: attributesOf(properties, 0, properties.length, [numbers.altName]).map(({ value }) =>
      value.toString('latin1').replace(/\0.*$/s, ''),
    ),
    isUp: (flags & IFF_UP) !== 0,
    // A number of another network's says nothing here.
    lower: network === undefined ? lower : undefined,
    elsewhere: network === undefined ? undefined : { network, index: lower ?? index },
    master: number(numbers.master),
    vlans: vlansIn(info),
  };
}

function vlansIn(info: Buffer): HostLink['vlans'] {
  const kind = textIn(attributesOf(info, 0, info.length, [numbers.kind])[0]?.value);
  const data = attributesOf(info, 0, info.length, [numbers.data])[0]?.value;
  if (kind !== 'bridge' || data === undefined) return undefined;
  const said = new Map(
    attributesOf(data, 0, data.length, Object.values(bridgeNumbers)).map(({ type, value }) => [type, value]),
  );
  const [areApart, first] = [said.get(bridgeNumbers.vlanFiltering), said.get(bridgeNumbers.defaultVlan)];
  if (areApart === undefined || first === undefined) return undefined;
  return { areApart: areApart.readUInt8(0) !== 0, first: get16(first, 0) };
}

const textIn = (value: Buffer | undefined): string => value?.toString().replace(/\0.*$/s, '') ?? '';
