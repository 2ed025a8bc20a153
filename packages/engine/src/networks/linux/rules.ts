// The rules of nftables for what members of networks send beyond their bridge and get from there.
// SPDX-License-Identifier: Apache-2.0
import { addressBytes, addressText, networkOf } from '../../host/address-bytes.js';
import type { Family, Member, OwnBridge } from '../contract/plan.js';
import { type Answering, forwardMaps } from './forward-maps.js';
import { address, linkName } from './words.js';

/** A network that rules are for. */
export interface Ruled {
  readonly bridge: OwnBridge;
  readonly members: readonly Member[];
}

/** Text for nft that takes the table away, if it is there. */
export const withoutTable = (table: string): string =>
  `add table inet ${table}\ndelete table inet ${table}\n`;

/**
 * Text for nft that makes a table with rules for these; empty where none has any. A packet is looked up by its
 * links and source, and goes through the chain of its own network alone.
 *
 * What is sent to the host itself is not looked at: nobody's accepting here would keep it from being dropped by other tables.
 */
export function ruleset(table: string, networks: readonly Ruled[]): string {
  const shown = networks.filter(({ bridge }) => bridge.forward.mode !== 'open');
  const ruled = shown.map(({ bridge }) => bridge);
  const giving = networks.flatMap(({ bridge }) =>
    bridge.dhcp.some(({ family }) => family === 4) ? [`"${linkName(bridge.name)}"`] : [],
  );
  if (ruled.length === 0 && giving.length === 0) return '';
  const translated = ruled.flatMap((bridge, at) =>
    families.flatMap((family) =>
      isAnswering(bridge, family)
        ? [{ family, bridge, chain: `nat${family}_${at}`, subnets: subnetsOf(bridge, family) }]
        : [],
    ),
  );
  const verdicts = (family: Family): string[] =>
    translated
      .filter((one) => one.family === family)
      .flatMap(({ subnets, chain }) => subnets.map((subnet) => `${subnet} : goto ${chain}`));
  const names = ruled.map(({ name }) => `"${linkName(name)}"`);
  const forwards = forwardMaps(answeringOn(shown));
  const parts = [
    ...forwards.maps.map(({ name, type, elements }) => map(name, type, elements)),
    map('links', 'type ifname', names, 'set'),
    map(
      'among',
      'type ifname . ifname',
      names.map((name) => `${name} . ${name}`),
      'set',
    ),
    map(
      'from',
      'type ifname : verdict',
      names.map((name, at) => `${name} : jump from_${at}`),
    ),
    map(
      'to',
      'type ifname : verdict',
      names.map((name, at) => `${name} : goto to_${at}`),
    ),
    map('sources4', 'type ipv4_addr : verdict; flags interval', verdicts(4)),
    map('sources6', 'type ipv6_addr : verdict; flags interval', verdicts(6)),
    ...ruled.flatMap((bridge, at) => [
      chain(`from_${at}`, leaving(bridge)),
      chain(`to_${at}`, arriving(bridge)),
    ]),
    ...translated.map((one) => chain(one.chain, translation(one.bridge, one.family, one.subnets))),
    chain('forward', [
      'type filter hook forward priority filter; policy accept;',
      'iifname . oifname @among accept',
      'iifname vmap @from',
      'oifname vmap @to',
    ]),
    ...forwardChains(forwards.rules),
    ...answerChains(giving),
    chain('postrouting', [
      'type nat hook postrouting priority srcnat; policy accept;',
      'ip saddr vmap @sources4',
      'ip6 saddr vmap @sources6',
    ]),
  ];
  return `table inet ${table} {\n${parts.join('')}}\n`;
}

const forwardChains = (rules: readonly string[]): string[] =>
  rules.length === 0
    ? []
    : [
        chain('forwards', rules),
        chain('prerouting', [
          'type nat hook prerouting priority dstnat; policy accept;',
          // What members ask the host itself, whoever else would answer it.
          'iifname @links meta l4proto { tcp, udp } th dport { 53, 67, 547 } return',
          'jump forwards',
        ]),
        chain('output', [
          'type nat hook output priority -100; policy accept;',
          // What has the loopback's source leaves by no other link.
          'ip daddr 127.0.0.0/8 return',
          'ip6 daddr ::1 return',
          'jump forwards',
        ]),
      ];

/** The kernel leaves the sum to the card that would send it. Older clients of DHCP read the frame as it is, and take it for damaged. */
const answerChains = (giving: readonly string[]): string[] =>
  giving.length === 0
    ? []
    : [
        map('giving', 'type ifname', giving, 'set'),
        chain('answers', [
          'type filter hook postrouting priority mangle; policy accept;',
          'oifname @giving udp sport 67 udp dport 68 udp checksum set 0',
        ]),
      ];

const chain = (name: string, rules: readonly string[]): string =>
  `chain ${name} {\n${rules.map((rule) => `${rule}\n`).join('')}}\n`;
const map = (name: string, type: string, elements: readonly string[], kind = 'map'): string =>
  `${kind} ${name} {\n${type}\n${elements.length === 0 ? '' : `elements = { ${elements.join(', ')} }\n`}}\n`;

const words = { 4: 'ip', 6: 'ip6' } as const;
const families = [4, 6] as const;
const list = (elements: readonly string[]): string => `{ ${elements.join(', ')} }`;

const subnetsOf = ({ addresses }: OwnBridge, wanted: Family): string[] => [
  ...new Set(
    addresses
      .filter(({ family }) => family === wanted)
      .map(
        (one) => `${addressText(networkOf(addressBytes(address(one.address)), one.prefix))}/${one.prefix}`,
      ),
  ),
];

const devsOf = ({ forward }: OwnBridge): readonly string[] =>
  forward.mode === 'nat' || forward.mode === 'route' ? forward.devs : [];
const linkList = (devs: readonly string[]): string => list(devs.map((dev) => `"${linkName(dev)}"`));

/** Of IPv6 only where the document says so: its addresses are meant to be seen. */
const isTranslated = (bridge: OwnBridge, family: Family): boolean =>
  bridge.forward.mode === 'nat' &&
  (family === 4 || bridge.forward.ipv6) &&
  subnetsOf(bridge, family).length > 0;

/** Whether members answer at ports of the host: what is not translated the world sends there by other ways, too. */
const isAnswering = (bridge: OwnBridge, family: Family): boolean =>
  (bridge.forward.mode === 'nat' || bridge.forward.mode === 'route') && subnetsOf(bridge, family).length > 0;

/** Who answers at ports of the host: of many members few do. */
export const answeringOn = (networks: readonly Ruled[]): Answering[] =>
  networks.flatMap(({ bridge, members }) => {
    const answering = members.filter(({ forwards }) => forwards !== undefined);
    return families
      .filter((family) => isAnswering(bridge, family))
      .flatMap((family) => answering.map((member) => ({ family, member })));
  });

/** From a member: by its own address, and by the links that the document names. */
function leaving(bridge: OwnBridge): string[] {
  if (bridge.forward.mode === 'none') return ['reject'];
  const devs = devsOf(bridge);
  return [
    ...families.map((family) => {
      const subnets = subnetsOf(bridge, family);
      return subnets.length === 0
        ? `meta nfproto ipv${family} drop`
        : `${words[family]} saddr != ${list(subnets)} drop`;
    }),
    ...(devs.length === 0 ? [] : [`oifname != ${linkList(devs)} reject`]),
  ];
}

/** To a member: answers, and what is not translated also unasked. */
function arriving(bridge: OwnBridge): string[] {
  if (bridge.forward.mode === 'none') return ['reject'];
  const devs = devsOf(bridge);
  return [
    ...(devs.length === 0 ? [] : [`iifname != ${linkList(devs)} reject`]),
    ...families.flatMap((family) => {
      const subnets = subnetsOf(bridge, family);
      const asked = isTranslated(bridge, family) ? ' ct state established,related' : '';
      return subnets.length === 0 ? [] : [`${words[family]} daddr ${list(subnets)}${asked} accept`];
    }),
    // At a port of the host's that is this member's.
    'ct status dnat accept',
    'reject',
  ];
}

/** What leaves the subnet looks as if it came from the host; what is for all neighbours does not leave it. */
function translation(bridge: OwnBridge, family: Family, subnets: readonly string[]): string[] {
  return [
    // Asked at the host's port by a neighbour, a member would answer him by its own address.
    `oifname "${linkName(bridge.name)}" ct status dnat masquerade`,
    ...(isTranslated(bridge, family) ? outwards(bridge, family, subnets) : []),
  ];
}

function outwards({ forward, ...bridge }: OwnBridge, family: Family, subnets: readonly string[]): string[] {
  if (forward.mode !== 'nat') return [];
  const word = words[family];
  const { addresses, ports } = forward;
  const local = family === 4 ? ['224.0.0.0/24', '255.255.255.255'] : ['ff00::/8'];
  // Who trusts those below 1024 is not to trust a member.
  const range = `:${ports?.start ?? 1024}-${ports?.end ?? 65535}`;
  const isOfFamily = addresses !== undefined && addresses.start.includes(':') === (family === 6);
  const to = (portRange: string): string => {
    if (!isOfFamily || addresses === undefined)
      return portRange === '' ? 'masquerade' : `masquerade to ${portRange}`;
    const [start, end] = [addresses.start, addresses.end].map((one) =>
      addressText(addressBytes(address(one))),
    );
    const plain = start === end ? `${start}` : `${start}-${end}`;
    const written = family === 6 && portRange !== '' ? plain.replaceAll(/[0-9a-f:]+/g, '[$&]') : plain;
    return `snat ${word} to ${written}${portRange}`;
  };
  const devs = devsOf({ forward, ...bridge });
  return [
    `${word} daddr ${list([...subnets, ...local])} return`,
    ...(devs.length === 0 ? [] : [`oifname != ${linkList(devs)} return`]),
    `meta l4proto { tcp, udp } ${to(range)}`,
    to(''),
  ];
}
