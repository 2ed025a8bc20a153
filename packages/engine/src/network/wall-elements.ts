// What may come from the links of a domain, as elements of the sets that the rules of the wall look into.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { elementsOfLink, type Program, stages } from '../filters/rules/program.js';
import { variablesIn } from '../filters/rules/tree.js';
import type { SetElement } from '../host/nfnetlink.js';
import { addressBytes, addressText, interfaceId, linkLocal, macBytes } from './link-addresses.js';
import type { LinkPlan } from './link-plan.js';

/** An element of one of the wall's nftables sets. */
export interface WallElement extends SetElement {
  /** The same as nft reads it. */
  readonly text: string;
  /** The link it speaks of, by its name on the host; undefined where it speaks of all. */
  readonly link: string | undefined;
}

type Table = SetElement['family'];
type Part = { readonly bytes: Buffer; readonly text: string };

/** What says of links besides their plans. */
export interface LinkRules {
  /** The rules of the filter that a link names. */
  readonly programOf: (link: LinkPlan) => Program | undefined;
  /** Whether a link of which no filter says anything may send in any name. */
  readonly isOpen: boolean;
  /** Whether its connections are counted. */
  readonly counts?: (link: LinkPlan) => boolean;
}
const noRules: LinkRules = { programOf: () => undefined, isOpen: false };

/** A domain may send from any address it has by any of its links: its answers take the way of its default route. */
export function wallElements(links: readonly LinkPlan[], rules: LinkRules = noRules): WallElement[] {
  const { counts = () => false } = rules;
  const counted = links.filter((link) => link.hostName !== undefined && !link.isTrusted && counts(link));
  return [...boundElements(links, rules), ...counted.map(countedElement)];
}

/** Of a routed link whatever comes by it; of a port, whose packets come by the bridge, what is from its hardware address. */
const countedElement = (link: LinkPlan): WallElement =>
  link.kind === 'routed'
    ? elementsOf('inet', link)('counted_links')
    : ofTheHost(link)('counted_ports', { bytes: macBytes(link.mac), text: link.mac });

function boundElements(links: readonly LinkPlan[], { programOf, isOpen }: LinkRules): WallElement[] {
  const addresses = links.flatMap((link) => link.addresses);
  const own4 = partsOf(addresses, 4);
  const own6 = partsOf(addresses, 6);
  return links.flatMap((link) => {
    const { hostName, kind, isTrusted } = link;
    if (hostName === undefined) return [];
    if (kind === 'routed') return isTrusted || isOpen ? [] : routedElements(link, own4, own6);
    const program = programOf(link);
    const filters = [...portElements(link), ...(program === undefined ? [] : filterElements(link, program))];
    if (isTrusted) return [...ownedElements(link), ...filters];
    // A filter that forbids something says all that is forbidden; one that does not only lets through.
    if (program?.forbids === true) return [...filteredElements(link), ...filters];
    if (isOpen) return [...ownedElements(link), ...filters];
    return [...bridgeElements(link, own4, own6), ...filters];
  });
}

/** Of a port, whoever says what it sends. */
const portElements = (link: LinkPlan): WallElement[] =>
  link.isIsolated ? [elementsOf('bridge', link)('isolated'), ...isolatedElements(link)] : [];

/** The host that passes packets on sees the bridge alone: ports are their hardware and other addresses there. */
const ofTheHost =
  ({ hostName, parent = '' }: LinkPlan) =>
  (set: string, { bytes, text }: Part): WallElement => ({
    ...{ family: 'inet', set, link: hostName },
    key: Buffer.concat([padded(Buffer.from(parent), NAME_BYTES), words(bytes)]),
    text: `"${parent}" . ${text}`,
  });

function isolatedElements(link: LinkPlan): WallElement[] {
  const { mac, addresses } = link;
  const element = ofTheHost(link);
  return [
    element('isolated', { bytes: macBytes(mac), text: mac }),
    ...addresses.map(({ address, family }) => element(`away${family}`, addressPart(addressBytes(address)))),
  ];
}

/** Of a port whose filter stands in the place of the wall: what guards the host and the bridge is all that stays. */
const filteredElements = (link: LinkPlan): WallElement[] => [
  elementsOf('bridge', link)('filtered'),
  elementsOf('inet', link)('links'),
  elementsOf('arp', link)('links'),
  ...ownedElements(link),
];

/** Its way into the chains of its filter, and its values. */
function filterElements(link: LinkPlan, program: Program): WallElement[] {
  const bridge = elementsOf('bridge', link);
  const { entries, guidance } = program;
  return [
    ...stages.flatMap((stage): WallElement[] => {
      const chain = entries[stage];
      if (chain === undefined) return [];
      const way = bridge(stage);
      return [{ ...way, goto: chain, text: `${way.text} : goto ${chain}` }];
    }),
    ...elementsOfLink(program, variablesOf(link)).map(({ set, key, end, text }): WallElement => {
      const one = bridge(set, { bytes: key, text });
      const name = one.key.subarray(0, NAME_BYTES);
      return end === undefined ? one : { ...one, end: Buffer.concat([name, end]) };
    }),
    ...[...guidance].map((kind) => bridge(`may_${kind}`)),
  ];
}

/** Its own hardware and other addresses where the document gives no others. */
function variablesOf(link: LinkPlan): Readonly<Record<string, readonly string[]>> {
  const { mac, addresses, filter } = link;
  const of = (wanted: 4 | 6): string[] =>
    addresses.filter(({ family }) => family === wanted).map(({ address }) => address);
  return {
    MAC: [mac],
    IP: of(4),
    IPV6: [...of(6), addressText(linkLocal(mac))],
    ...variablesIn(filter?.parameters),
  };
}

function routedElements(link: LinkPlan, own4: readonly Part[], own6: readonly Part[]): WallElement[] {
  const inet = elementsOf('inet', link);
  const arp = elementsOf('arp', link);
  return [
    inet('links'),
    arp('links'),
    ...own4.flatMap((address) => [inet('sources4', address), arp('sources4', address)]),
    ...[...own6, addressPart(linkLocal(link.mac))].map((address) => inet('sources6', address)),
  ];
}

/**
 * On a bridge a container may have addresses by DHCP and the like: only those families are bound that the document or a network of
 * ours knows of, be it that there are none.
 */
function bridgeElements(link: LinkPlan, own4: readonly Part[], own6: readonly Part[]): WallElement[] {
  const bridge = elementsOf('bridge', link);
  const has = (wanted: 4 | 6): boolean =>
    link.addresses.some(({ family }) => family === wanted) || link.absent?.includes(wanted) === true;
  const local = linkLocal(link.mac);
  return [
    bridge('links'),
    // Nothing comes from a port to the host itself, were it taken out of its bridge.
    elementsOf('inet', link)('links'),
    elementsOf('arp', link)('links'),
    bridge('macs', { bytes: macBytes(link.mac), text: link.mac }),
    bridge('clients', numberPart(macBytes(link.mac))),
    ...own4.map((address) => bridge('sources4', address)),
    ...[...own6.map(({ bytes }) => bytes), local].map((bytes) => bridge('sources6', numberPart(bytes))),
    ...(isTrunk(link) ? [bridge('trunks')] : []),
    ...ownedElements(link),
    bridge('identifiers', numberPart(interfaceId(link.mac))),
    ...(has(4) ? [bridge('bound4')] : []),
    ...(has(6)
      ? [
          bridge('bound6'),
          ...prefixesOf(link, local).map((prefix) => bridge('prefixes6', numberPart(prefix))),
        ]
      : []),
  ];
}

/** Whether it knows VLANs by their tags. */
const isTrunk = ({ tags }: LinkPlan): boolean =>
  tags !== undefined && (tags.isNativeTagged || tags.tagged.length > 0);

/** What others on its bridge may not take from it: of any network the address made of its hardware address, and its gateways. */
function ownedElements({ mac, gateways, routes = [] }: LinkPlan): WallElement[] {
  const id = numberPart(interfaceId(mac));
  const ways = [...gateways.map(({ address }) => address), ...routes.map(({ gateway }) => gateway)];
  return [
    { family: 'bridge', set: 'owned6', link: undefined, key: id.bytes, text: id.text },
    ...takenElements([linkLocal(mac), ...[...new Set(ways)].map(addressBytes)]),
  ];
}

/** What no port of a bridge may say is its own, but for those it was given. */
export const takenElements = (addresses: readonly Buffer[]): WallElement[] =>
  addresses.map((bytes) => {
    const isV4 = bytes.length === 4;
    const { text } = isV4 ? addressPart(bytes) : numberPart(bytes);
    return { family: 'bridge', set: isV4 ? 'taken4' : 'taken6', link: undefined, key: bytes, text };
  });

/** Networks in which a container can draw itself an address, as privacy has it: its link's and its own. */
const prefixesOf = ({ addresses }: LinkPlan, local: Buffer): Buffer[] =>
  [
    local,
    ...addresses
      .filter(({ family, prefix }) => family === 6 && prefix <= 64)
      .map(({ address }) => addressBytes(address)),
  ].map((bytes) => bytes.subarray(0, 8));

const addressPart = (bytes: Buffer): Part => ({ bytes, text: addressText(bytes) });
const numberPart = (bytes: Buffer): Part => ({ bytes, text: `0x${bytes.toString('hex')}` });

const partsOf = (addresses: LinkPlan['addresses'], wanted: 4 | 6): Part[] =>
  addresses
    .filter(({ family }) => family === wanted)
    .map(({ address }) => addressPart(addressBytes(address)));

/** Bytes of a link's name in the kernel, with the 0 at its end. */
const NAME_BYTES = 16;

function elementsOf(family: Table, { name, hostName = '' }: LinkPlan) {
  // What nft would read as something else.
  if (!/^[\w.:@+-]{1,15}$/.test(hostName))
    throw new EngineError(
      'invalid',
      `the host's end of ${name} cannot be named '${hostName}': 1 to 15 letters, digits and . _ : @ + -`,
    );
  return (set: string, part?: Part): WallElement => ({
    family,
    set,
    link: hostName,
    key: Buffer.concat([padded(Buffer.from(hostName), NAME_BYTES), ...(part ? [words(part.bytes)] : [])]),
    text: [`"${hostName}"`, ...(part ? [part.text] : [])].join(' . '),
  });
}

const padded = (bytes: Buffer, length: number): Buffer => Buffer.concat([bytes], length);
const words = (bytes: Buffer): Buffer => padded(bytes, Math.ceil(bytes.length / 4) * 4);
