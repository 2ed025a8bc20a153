// The rules of nftables between the links of our containers and everything else: static but for what their sets hold.
// SPDX-License-Identifier: Apache-2.0

import { guidances } from '../filters/rules/guidance.js';
import { type Program, stages } from '../filters/rules/program.js';
import type { TableFamily } from '../host/nfnetlink.js';
import type { WallElement } from './wall-elements.js';
import { withoutAllBut } from './wall-learnt.js';

/** A chain is a list of rules, a set the type of its elements. */
interface Table {
  readonly sets: Readonly<Record<string, string>>;
  readonly chains: Readonly<Record<string, readonly string[]>>;
  /** A map the type of its elements. */
  readonly maps?: Readonly<Record<string, string>>;
}

/** Before anybody's tracking, translation and accepting. */
const early = 'priority -450; policy accept;';

/** Who says which way packets go is the host, or a router of the bridge's: never a container. */
const noGuidance = [
  'icmpv6 type { nd-router-advert, nd-redirect } drop',
  'icmp type { redirect, router-advertisement } drop',
  // A bridge takes who asks for a router, and sends him, and nobody else, what is for groups.
  'icmpv6 type mld-listener-query drop',
  'igmp type membership-query drop',
  // To those who ask for a lease, whichever port it says it comes from: not all of them look.
  'udp dport { 68, 546 } drop',
];
/** By number: nft looks these up in /etc/protocols, which a small system has not. */
const protocols = { igmp: 2, ah: 51, pim: 103 } as const;
/** The same from ports of a bridge: each may say what its filter lets through by name. */
const named = (kind: string, rule: string): string => `iifname != @may_${kind} ${rule}`;
const noGuidanceButNamed = [
  named('router6', 'icmpv6 type { nd-router-advert, nd-redirect } drop'),
  named('router4', 'icmp type { redirect, router-advertisement } drop'),
  named('groups', 'icmpv6 type mld-listener-query drop'),
  named('groups', 'igmp type membership-query drop'),
  named('dhcp4', 'udp dport 68 drop'),
  named('dhcp6', 'udp dport 546 drop'),
];
/** Spanning tree and its like: for bridges to say to each other. */
const betweenBridges = 'ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00';
/** A bridge believes these whatever hosts make of them: also in a piece of a packet, and behind a signature. */
const noMulticastRouters = [
  `ip protocol ${protocols.pim} drop`,
  'igmp type 0x30 drop',
  `ip protocol ${protocols.igmp} ip frag-off & 0x3fff != 0 drop`,
  'icmpv6 type 151 drop',
  `ip6 nexthdr 0 meta l4proto ${protocols.ah} drop`,
];
/**
 * Whose account it is: a link's, by its name and the hardware address that it is bound to. Both are the same after a new start, which
 * gives it another index, and that of another domain has both only if its document says so: the same machine to its neighbours.
 */
const port = 'iifname . ether saddr';
/** That of a link from one start to the next: a bridge forgets the groups of a port that goes, and has to hear of them again. */
const thisTime = 'iif';
/** Drops what is over a rate; who goes on asking keeps the account that he has used up. */
const few = (accounts: string, rate: string, whose = port): string =>
  `update @${accounts} { ${whose} limit rate over ${rate} packets } drop`;
const reports = 'mld-listener-report, mld-listener-done, mld2-listener-report';
/** A bridge that has counted too many groups sends everything to everybody from then on. */
const fewGroups = [
  'igmp type 0x22 @th,48,16 > 16 drop',
  'icmpv6 type mld2-listener-report @th,48,16 > 16 drop',
  // Reports of many at once are seldom.
  `igmp type 0x22 @th,48,16 > 4 ${few('masses', '2/minute burst 4', thisTime)}`,
  `icmpv6 type mld2-listener-report @th,48,16 > 4 ${few('masses', '2/minute burst 4', thisTime)}`,
  `ip protocol ${protocols.igmp} ${few('reports', '20/minute burst 20', thisTime)}`,
  `icmpv6 type { ${reports} } ${few('reports', '20/minute burst 20', thisTime)}`,
];
/** A server gives an address to each name that asks, and there are more names than addresses; of both families each time is one. */
const leases = 'udp dport { 67, 547 }';
const noLeasesInPieces = [
  'meta protocol ip udp dport 67 ip frag-off & 0x3fff != 0 drop',
  'meta protocol ip6 udp dport 547 exthdr frag exists drop',
];

/** Most of what there is, and nothing that a rule below the first few looks for: it need not pass all of them. */
const ordinary = 'ip protocol 6 iifname . ip saddr @sources4 accept';
/**
 * At which hardware address it is, a container says of itself alone: a server of DHCPv6 knows by it who asks. One option is all that
 * neighbours and those who look for a router say.
 */
const ownHardware = [
  'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 length > 32 drop',
  'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } @th,192,8 { 1, 2 } iifname . @th,208,48 != @clients drop',
  'icmpv6 type nd-router-solicit ip6 length > 16 drop',
  'icmpv6 type nd-router-solicit @th,64,8 1 iifname . @th,80,48 != @clients drop',
];

const dynamic = (type: string, timeout: string): string =>
  `typeof ${type}\nsize 65535\nflags dynamic,timeout\ntimeout ${timeout}`;
/** Also in a tag, where a frame's type is the tag's. */
const tagged6 = 'meta protocol ip6';
/** What a packet comes from, and what one of neighbour discovery speaks of. */
const source = '@nh,64,128';
const target = '@th,64,128';
/** Who came first has it, by his hardware address as neighbours know him: also after a new start, and on another host. */
const firstCome = (address: string): string[] => [
  `ether saddr . ${address} @owners6 update @owners6 { ether saddr . ${address} } update @names6 { ${address} } return`,
  `ether saddr . ${address} @strangers6 return`,
  `${address} @names6 drop`,
  `${address} @lan6 drop`,
];
const owns = (address: string): string =>
  `add @owners6 { ether saddr . ${address} } add @names6 { ${address} } return`;
const learns = (address: string): string =>
  `update @lan6 { ${address} } update @strangers6 { ether saddr . ${address} }`;

/** Sets that the rules fill themselves; first in the table, where they stay when the rest is put there anew. */
const learnt = {
  // Addresses that nothing is known of beforehand, of our ports and of all others; they empty themselves.
  names6: dynamic(`${source}`, '1h'),
  owners6: dynamic(`ether saddr . ${source}`, '1h'),
  lan6: dynamic(`${source}`, '1h'),
  strangers6: dynamic(`ether saddr . ${source}`, '1h'),
  senders4: dynamic(`${port} . ip saddr`, '1h'),
  // Each for longer than an account that is used up takes to be whole again.
  newcomers6: dynamic(port, '4h'),
  faces4: dynamic(port, '4h'),
  faces6: dynamic(port, '4h'),
  reports: dynamic(thisTime, '10m'),
  masses: dynamic(thisTime, '10m'),
  asked: dynamic(port, '10m'),
};

/** In a tag as without one; a tag within a tag hides what is said. */
const alsoTagged = (rule: string): string =>
  rule.replace(/(icmpv6|icmp|igmp) type|ip protocol|ip6 nexthdr/, (text) =>
    text.includes('6') ? `${tagged6} ${text}` : `meta protocol ip ${text}`,
  );
/** A tag that names no VLAN (802.1Q's priority): hosts read it as if it were not there. */
const noVlan = '@ll,116,12 0';
/**
 * In the tags of a trunk, of which the bridge lets pass those of the document: no document tells which addresses a container has there. It
 * has none of another's, and leads nobody.
 */
const trunkRules = [
  `${noVlan} drop`,
  'meta protocol != { ip, ip6, arp } drop',
  'meta protocol arp iifname . arp saddr ether != @macs drop',
  ...noGuidanceButNamed.map(alsoTagged),
  'udp dport 67 iifname . @th,288,48 != @clients drop',
  ...ownHardware.map(alsoTagged),
  ...noMulticastRouters.map((rule) => named('groups', alsoTagged(rule))),
  ...fewGroups.map(alsoTagged),
  ...noLeasesInPieces,
  `${leases} ${few('asked', '30/minute burst 30')}`,
  'meta protocol ip ip saddr @taken4 iifname . ip saddr != @sources4 drop',
  'meta protocol arp arp saddr ip @taken4 iifname . arp saddr ip != @sources4 drop',
  'meta protocol arp arp saddr ip 0.0.0.0 arp daddr ip @taken4 iifname . arp daddr ip != @sources4 drop',
  `${tagged6} @nh,64,128 @taken6 iifname . @nh,64,128 != @sources6 drop`,
  `${tagged6} @nh,128,64 @owned6 iifname . @nh,128,64 != @identifiers iifname . @nh,64,128 != @sources6 drop`,
  `${tagged6} icmpv6 type nd-neighbor-advert ${target} @taken6 iifname . ${target} != @sources6 drop`,
  `${tagged6} icmpv6 type nd-neighbor-advert @th,128,64 @owned6 iifname . @th,128,64 != @identifiers drop`,
];

const tables: Readonly<Record<TableFamily, Table>> = {
  inet: {
    sets: { links: 'type ifname', sources4: 'type ifname . ipv4_addr', sources6: 'type ifname . ipv6_addr' },
    chains: {
      link: [
        ordinary,
        ...noGuidance,
        // The host's answer to one would be an advertisement; asking fills its table of neighbours.
        'icmpv6 type nd-router-solicit drop',
        `ip6 saddr :: icmpv6 type { nd-neighbor-solicit, ${reports} } accept`,
        'iifname . ip saddr @sources4 accept',
        'iifname . ip6 saddr @sources6 accept',
        'drop',
      ],
      prerouting: [`type filter hook prerouting ${early}`, 'iifname @links goto link'],
    },
  },
  arp: {
    sets: { links: 'type ifname', sources4: 'type ifname . ipv4_addr' },
    chains: {
      input: [
        `type filter hook input ${early}`,
        'iifname @links arp saddr ip != 0.0.0.0 iifname . arp saddr ip != @sources4 drop',
      ],
    },
  },
  bridge: {
    sets: {
      ...learnt,
      links: 'type ifname',
      // Whose document gives them VLANs that they know by their tags.
      trunks: 'type ifname',
      macs: 'type ifname . ether_addr',
      // Who asks for a lease, by its head, and who says where he is: others would use up all leases there are.
      clients: 'typeof iifname . @th,288,48',
      bound4: 'type ifname',
      bound6: 'type ifname',
      sources4: 'type ifname . ipv4_addr',
      // As numbers: they are looked for in a packet's head and in what neighbours are told.
      sources6: 'typeof iifname . @nh,64,128',
      identifiers: 'typeof iifname . @nh,128,64',
      prefixes6: 'typeof iifname . @nh,64,64',
      taken4: 'type ipv4_addr',
      taken6: 'typeof @nh,64,128',
      owned6: 'typeof @nh,128,64',
      ...Object.fromEntries(guidances.map((kind) => [`may_${kind}`, 'type ifname'])),
    },
    chains: {
      bound4: [
        'ip saddr 0.0.0.0 udp sport . udp dport { 68 . 67 } return',
        // Who looks whether somebody has an address that is not its to have keeps others from it.
        'arp saddr ip 0.0.0.0 iifname . arp daddr ip @sources4 return',
        'meta protocol ip iifname . ip saddr != @sources4 drop',
        'meta protocol arp iifname . arp saddr ip != @sources4 drop',
      ],
      // Whatever it is called by, it is not called by more names than a host has room for.
      few4: [
        'ip saddr 0.0.0.0 return',
        'arp saddr ip 0.0.0.0 return',
        'iifname . ip saddr @sources4 return',
        'iifname . arp saddr ip @sources4 return',
        `${port} . ip saddr @senders4 update @senders4 { ${port} . ip saddr } return`,
        `${port} . arp saddr ip @senders4 update @senders4 { ${port} . arp saddr ip } return`,
        `meta protocol { ip, arp } ${few('faces4', '12/hour burst 16')}`,
        `add @senders4 { ${port} . ip saddr } return`,
        `add @senders4 { ${port} . arp saddr ip } return`,
        'meta protocol { ip, arp } drop',
      ],
      few6: ['iifname . @nh,128,64 @identifiers goto new6', ...firstCome(source), 'goto new6'],
      new6: [
        `ether saddr . ${source} @owners6 update @owners6 { ether saddr . ${source} } return`,
        few('faces6', '12/hour burst 16'),
        owns(source),
        'drop',
      ],
      // Privacy: drawn at random, not counted by hand as a router's is, nor made of a hardware address, and few.
      drawn6: [
        '@nh,128,32 0 drop',
        '@nh,152,16 0xfffe drop',
        ...firstCome(source),
        few('newcomers6', '6/hour burst 12'),
        owns(source),
        'drop',
      ],
      bound6: [
        `ip6 saddr :: icmpv6 type { nd-neighbor-solicit, ${reports} } return`,
        'iifname . @nh,64,128 @sources6 return',
        'iifname . @nh,128,64 @identifiers goto few6',
        'iifname . @nh,64,64 @prefixes6 goto drawn6',
        'drop',
      ],
      target6: [
        'iifname . @th,64,128 @sources6 return',
        '@th,64,128 @taken6 drop',
        '@th,128,64 @owned6 iifname . @th,128,64 != @identifiers drop',
        'iifname . @th,128,64 @identifiers return',
        'iifname != @bound6 goto claim6',
        'iifname . @th,64,64 @prefixes6 @th,128,32 != 0 @th,152,16 != 0xfffe goto claim6',
        'drop',
      ],
      // Who asks first whether an address is free has it: nobody answers that it is not.
      claim6: [...firstCome(target), few('newcomers6', '6/hour burst 12'), owns(target), 'drop'],
      lan: [
        `${tagged6} ip6 saddr != :: ${learns(source)}`,
        `${tagged6} icmpv6 type nd-neighbor-advert ${learns(target)}`,
        `${tagged6} ip6 saddr :: icmpv6 type nd-neighbor-solicit ${learns(target)}`,
      ],
      six: [
        '@nh,64,128 @taken6 iifname . @nh,64,128 != @sources6 drop',
        '@nh,128,64 @owned6 iifname . @nh,128,64 != @identifiers iifname . @nh,64,128 != @sources6 drop',
        'icmpv6 type nd-neighbor-advert jump target6',
        'ip6 saddr :: icmpv6 type nd-neighbor-solicit jump target6',
        'iifname @bound6 goto bound6',
        'ip6 saddr :: return',
        'iifname . @nh,64,128 @sources6 return',
        'goto few6',
      ],
      link: [
        'iifname . ether saddr != @macs drop',
        `${betweenBridges} drop`,
        // What is in tags, sessions and lengths (LLC) no rule below would see, and switches believe some of it.
        'ether type != { ip, ip6, arp } goto other',
        ordinary,
        'iifname . arp saddr ether != @macs drop',
        ...noGuidanceButNamed,
        'udp dport 67 iifname . @th,288,48 != @clients drop',
        ...ownHardware,
        ...noMulticastRouters.map((rule) => named('groups', rule)),
        ...fewGroups,
        ...noLeasesInPieces,
        `${leases} ${few('asked', '30/minute burst 30')}`,
        'ip saddr @taken4 iifname . ip saddr != @sources4 drop',
        'arp saddr ip @taken4 iifname . arp saddr ip != @sources4 drop',
        'arp saddr ip 0.0.0.0 arp daddr ip @taken4 iifname . arp daddr ip != @sources4 drop',
        'iifname @bound4 jump bound4',
        'iifname != @bound4 jump few4',
        'meta protocol ip6 jump six',
      ],
      other: ['ether type 0x8100 iifname @trunks goto trunk', 'drop'],
      trunk: trunkRules,
      // Frames to a bridge itself come by here alone, and it learns from them.
      input: [`type filter hook input ${early}`, `${betweenBridges} iifname @links drop`],
    },
  },
};

const filteredLearnt = { askers: dynamic('iifname', '10m') };
const filteredRules = [
  'meta protocol { 0x8100, 0x88a8 } drop',
  // Rules for IPv4 do not look behind it.
  `ether type { 0x8100, 0x88a8 } ${noVlan} drop`,
  named('stp', `${betweenBridges} drop`),
  ...noGuidanceButNamed.map(alsoTagged),
  ...noMulticastRouters.map((rule) => named('groups', rule)),
  ...fewGroups,
  ...noLeasesInPieces,
  // Its hardware address is what it says, and no account.
  `${leases} ${few('askers', '30/minute burst 30', 'iifname')}`,
];
const discovery = `${tagged6} icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } jump lan`;

/** What ports with filters need: there only where there are some. Connections are known from -200 on. */
function filterTable(programs: readonly Program[]): Table {
  const base = (hook: string, priority: number): string =>
    `type filter hook ${hook} priority ${priority}; policy accept;`;
  const stage = (hook: string, priority: number, link: string, map: string): readonly string[] => [
    base(hook, priority),
    `${link} vmap @${map}`,
  ];
  return {
    sets: {
      ...filteredLearnt,
      filtered: 'type ifname',
      ...Object.fromEntries(programs.flatMap(({ sets }) => [...sets])),
    },
    maps: Object.fromEntries(stages.map((name) => [name, 'type ifname : verdict'])),
    chains: {
      ...Object.fromEntries(programs.flatMap(({ chains }) => [...chains])),
      filtered: filteredRules,
      floor: [`type filter hook prerouting ${early}`, 'iifname @filtered jump filtered'],
      frames_from: stage('prerouting', -150, 'iifname', 'frames_out'),
      packets_from: stage('prerouting', -140, 'iifname', 'packets_out'),
      // What a filter lets through others may have to know.
      learning: [base('prerouting', -130), `iifname @filtered ${discovery}`],
      frames_to: stage('postrouting', 150, 'oifname', 'frames_in'),
      packets_to: stage('postrouting', 160, 'oifname', 'packets_in'),
      bridge_itself: [
        `type filter hook input ${early}`,
        `iifname @filtered ${named('stp', `${betweenBridges} drop`)}`,
      ],
    },
  };
}

const prerouting = (isFiltering: boolean): readonly string[] => [
  `type filter hook prerouting ${early}`,
  'iifname @links goto link',
  ...(isFiltering ? ['iifname @filtered return'] : []),
  discovery,
];

/** What isolated ports need: on their bridge, and where the host passes on what one sends it for another. */
const isolation: Readonly<Record<'bridge' | 'inet', Table>> = {
  bridge: {
    sets: { isolated: 'type ifname' },
    chains: {
      isolation: [`type filter hook forward ${early}`, 'iifname @isolated oifname @isolated drop'],
    },
  },
  inet: {
    sets: {
      isolated: 'type ifname . ether_addr',
      away4: 'type ifname . ipv4_addr',
      away6: 'type ifname . ipv6_addr',
    },
    chains: {
      isolation: [
        `type filter hook forward ${early}`,
        // At a port of the host's anybody may ask.
        'ct status dnat accept',
        'iifname . ether saddr @isolated oifname . ip daddr @away4 drop',
        'iifname . ether saddr @isolated oifname . ip6 daddr @away6 drop',
      ],
    },
  },
};

/** What bounds the connections of each link: there only where some are counted, since the host tracks all that there are from then on. */
const counting = (most: number): Table => {
  // The kernel takes away those that count none any more.
  const accounts = 'size 65535\nflags dynamic';
  const bound = (who: string, kind: string): string =>
    `${who} @counted_${kind} update @connections_${kind} { ${who} ct count over ${most} } counter drop`;
  return {
    sets: {
      counted_links: 'type ifname',
      counted_ports: 'type ifname . ether_addr',
      connections_links: `type ifname\n${accounts}`,
      connections_ports: `type ifname . ether_addr\n${accounts}`,
    },
    chains: {
      connections: [
        // When it is known whether a packet belongs to one that is there.
        'type filter hook prerouting priority -150; policy accept;',
        'ct state != new accept',
        bound('iifname', 'links'),
        bound('iifname . ether saddr', 'ports'),
      ],
    },
  };
};

const together = (parts: readonly Table[]): Table => ({
  sets: Object.assign({}, ...parts.map(({ sets }) => sets)),
  maps: Object.assign({}, ...parts.map(({ maps }) => maps)),
  chains: Object.assign({}, ...parts.map(({ chains }) => chains)),
});

/** Whoever is the first to need a part finds no such set, and has all loaded. */
function tableOf(
  family: TableFamily,
  elements: readonly WallElement[],
  { programs = [], connections }: RulesetParts,
): Table {
  const isIsolating = elements.some(({ set }) => set === 'isolated');
  const isCounting = connections !== undefined && elements.some(({ set }) => set.startsWith('counted'));
  if (family === 'arp') return tables.arp;
  if (family === 'inet')
    return together([
      tables.inet,
      ...(isIsolating ? [isolation.inet] : []),
      ...(isCounting ? [counting(connections)] : []),
    ]);
  const isFiltering = programs.length > 0;
  return together([
    tables.bridge,
    ...(isIsolating ? [isolation.bridge] : []),
    ...(isFiltering ? [filterTable(programs)] : []),
    { sets: {}, chains: { prerouting: prerouting(isFiltering) } },
  ]);
}

/** What rules depend on besides their elements. */
export interface RulesetParts {
  /** The bridge's table as it is listed. */
  readonly standing?: string;
  readonly programs?: readonly Program[];
  /** How many connections a link has at most that is counted. */
  readonly connections?: number;
}

/** The families in which the wall has a table. */
export const tableFamilies = ['inet', 'arp', 'bridge'] as const satisfies readonly TableFamily[];

/**
 * Text for nft that puts tables of this name in the place of those there are, at one moment. `standing` is the bridge's as it is listed:
 * what it has learnt stays, or nft refuses the whole where that is from other rules.
 */
export function ruleset(name: string, elements: readonly WallElement[], parts: RulesetParts = {}): string {
  const { standing } = parts;
  const gone = tableFamilies.map((family) =>
    family === 'bridge' && standing !== undefined
      ? withoutAllBut(new Set(Object.keys({ ...learnt, ...filteredLearnt })), name, standing)
      : withoutTable(family, name),
  );
  return `${gone.join('')}${tableFamilies
    .map((family) => {
      const { sets, chains, maps = {} } = tableOf(family, elements, parts);
      const texts = [
        ...Object.entries(sets).map(([set, type]) => setText('set', set, type, held(elements, family, set))),
        ...Object.entries(maps).map(([map, type]) => setText('map', map, type, held(elements, family, map))),
        ...Object.entries(chains).map(([chain, rules]) => `chain ${chain} {\n${rules.join('\n')}\n}`),
      ];
      return `table ${family} ${name} {\n${texts.join('\n')}\n}\n`;
    })
    .join('')}`;
}

/** Text for nft that takes the tables away, if they are there. */
export const withoutTables = (name: string): string =>
  tableFamilies.map((family) => withoutTable(family, name)).join('');

const withoutTable = (family: TableFamily, name: string): string =>
  `add table ${family} ${name}\ndelete table ${family} ${name}\n`;

const held = (elements: readonly WallElement[], family: TableFamily, set: string): string[] => [
  ...new Set(elements.filter((one) => one.family === family && one.set === set).map(({ text }) => text)),
];

const setText = (kind: 'set' | 'map', set: string, type: string, elements: readonly string[]): string =>
  `${kind} ${set} {\n${type}\n${elements.length === 0 ? '' : `elements = { ${elements.join(', ')} }\n`}}`;
