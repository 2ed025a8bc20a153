// One interface of an LXC configuration: what its sub-keys say, and the device that its type makes of them.
// SPDX-License-Identifier: Apache-2.0
import { familyOf, type Hostdev, type Interface, type Ip, type Route } from '@ctvirt/xml';
import { broadcastOf, everywhere, type Family, naturalPrefix } from '../addresses.js';
import { readUint } from './numbers.js';

/** What sub-keys say, by the part of a device that holds it. */
export interface Nic {
  link?: string;
  mac?: string;
  guest?: string;
  host?: string;
  mtu?: number;
  vlan?: number;
  vlanId?: number;
  mode?: string;
  isRouter?: boolean;
  isUp?: boolean;
  ips?: Ip[];
  routes?: Route[];
}

/** What a sub-key became: in words, with a loss, or the reason why nothing of it is held. */
export type Said =
  | { readonly how: string; readonly loss?: true; readonly why?: undefined }
  | { readonly why: string };

interface SubKey {
  /** What of the interface it sets: a kind that does not take the part leaves the sub-key out. */
  readonly part: keyof Nic;
  read(nic: Nic, value: string, family: Family): Said;
}

const word = (part: 'link' | 'guest' | 'host' | 'mode', how: string): SubKey => ({
  part,
  read(nic, value) {
    nic[part] = value;
    return { how };
  },
});

const number = (part: 'mtu' | 'vlan' | 'vlanId', most: number, how: string, what: string): SubKey => ({
  part,
  read(nic, value) {
    const read = readUint(value, most);
    if (read === undefined) return { why: `${value} is no ${what}` };
    nic[part] = read;
    return { how };
  },
});

const address: SubKey = {
  part: 'ips',
  read(nic, value, family) {
    const [one = '', broadcast] = value.split(/\s+/);
    const [ip = '', given] = one.split('/');
    const prefix =
      given === undefined ? naturalPrefix(ip, family) : readUint(given, family === 'ipv4' ? 32 : 128);
    if (familyOf(ip) !== family || prefix === undefined) return { why: `${one} is no address` };
    nic.ips = [...(nic.ips ?? []), { address: ip, family, prefix }];
    return broadcast === undefined || broadcast === broadcastOf(ip, prefix)
      ? { how: 'ip' }
      : { how: `ip, without the broadcast address ${broadcast}`, loss: true };
  },
};

const gateway: SubKey = {
  part: 'routes',
  read(nic, value, family) {
    if (familyOf(value) !== family)
      return { why: `no element says "${value}": give the gateway's address; kept by its name` };
    nic.routes = [...(nic.routes ?? []), { family, address: everywhere(family), gateway: value }];
    return { how: 'default route' };
  },
};

/** Sub-keys that some kind of interface takes; all others are kept by their names. */
const subKeys: Readonly<Record<string, SubKey>> = {
  link: word('link', 'source'),
  flags: {
    part: 'isUp',
    read(nic) {
      nic.isUp = true; // whatever word it is
      return { how: 'link' };
    },
  },
  name: word('guest', 'guest'),
  hwaddr: {
    part: 'mac',
    read(nic, value) {
      if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value))
        return { why: `${value} is a pattern for random digits; kept by its name` };
      nic.mac = value.toLowerCase();
      return { how: 'mac' };
    },
  },
  mtu: number('mtu', 999_999, 'mtu', 'size'),
  'veth.pair': word('host', 'target'),
  'veth.mode': {
    part: 'isRouter',
    read(nic, value) {
      if (value !== 'router' && value !== 'bridge') return { why: `${value} is neither bridge nor router` };
      nic.isRouter = value === 'router';
      return { how: nic.isRouter ? 'type of the interface' : 'the usual mode' };
    },
  },
  'veth.vlan.id': number('vlan', 4095, 'vlan', 'VLAN'),
  'vlan.id': number('vlanId', 4095, 'source', 'VLAN'),
  'macvlan.mode': word('mode', 'mode of the source'),
  'ipv4.address': address,
  'ipv6.address': address,
  'ipv4.gateway': gateway,
  'ipv6.gateway': gateway,
};

/** Reads a sub-key into the interface; returns the part it set beside what became of it. */
export function readSubKey(nic: Nic, sub: string, value: string): Said & { readonly part?: keyof Nic } {
  const key = Object.hasOwn(subKeys, sub) ? subKeys[sub] : undefined;
  if (key === undefined) return { why: 'no element holds it; kept by its name' };
  const said = key.read(nic, value, sub.startsWith('ipv6') ? 'ipv6' : 'ipv4');
  return said.why === undefined ? { ...said, part: key.part } : said;
}

/** The device of an interface, with the parts of the interface that are in it. */
export interface Built {
  readonly device:
    | { readonly kind: 'interface'; readonly one: Interface }
    | { readonly kind: 'hostdev'; readonly one: Hostdev };
  readonly takes: readonly (keyof Nic)[];
  readonly how: string;
  readonly loss?: true;
}

const everyEnd = ['isUp', 'guest', 'mac', 'mtu', 'ips', 'routes'] as const;
const vethEnd = [...everyEnd, 'host', 'vlan'] as const;

const ends = ({ mac, guest, mtu, isUp, ips, routes }: Nic) => ({
  ...(mac === undefined ? {} : { mac: { address: mac } }),
  ...(ips === undefined ? {} : { ips }),
  ...(routes === undefined ? {} : { routes }),
  ...(guest === undefined ? {} : { guest: { dev: guest } }),
  link: { state: isUp === true ? ('up' as const) : ('down' as const) },
  ...(mtu === undefined ? {} : { mtu: { size: mtu } }),
});
const vethEnds = (nic: Nic) => ({
  ...ends(nic),
  ...(nic.host === undefined ? {} : { target: { dev: nic.host } }),
  ...(nic.vlan === undefined ? {} : { vlan: { tags: [{ id: nic.vlan }] } }),
});

const modes: Readonly<Record<string, 'private' | 'vepa' | 'bridge' | 'passthrough'>> = {
  private: 'private',
  vepa: 'vepa',
  bridge: 'bridge',
  passthru: 'passthrough',
};

function moved(
  name: string | undefined,
  nic: Nic,
  parts: readonly (keyof Nic)[],
  loss?: string,
): Built | string {
  if (name === undefined) return 'it names no interface of the host; kept by its name';
  const { ips, routes, isUp } = nic;
  const one: Hostdev = {
    type: 'net',
    mode: 'capabilities',
    source: { interface: name },
    ...(ips === undefined ? {} : { ips }),
    ...(routes === undefined ? {} : { routes }),
  };
  const losses = [...(loss === undefined ? [] : [loss]), ...(isUp === true ? [] : ['it is always up here'])];
  return {
    device: { kind: 'hostdev', one },
    takes: [...parts, 'isUp', 'ips', 'routes'],
    how: ['hostdev of type net', ...losses].join('; '),
    ...(losses.length === 0 ? {} : { loss: true }),
  };
}

/** By type; a text is the reason why no device comes of it. */
const kinds: Readonly<Record<string, (nic: Nic) => Built | string>> = {
  veth(nic) {
    const { link, isRouter, ips } = nic;
    if (link !== undefined && isRouter !== true)
      return {
        device: { kind: 'interface', one: { type: 'bridge', source: { bridge: link }, ...vethEnds(nic) } },
        takes: [...vethEnd, 'link', 'isRouter'],
        how: 'interface of type bridge',
      };
    const isRouted = ips !== undefined;
    const how = 'interface of type ethernet';
    return {
      device: { kind: 'interface', one: { type: 'ethernet', ...vethEnds(nic) } },
      takes: [...vethEnd, ...(isRouted === (isRouter === true) ? (['isRouter'] as const) : [])],
      ...(isRouted && isRouter !== true
        ? { how: `${how}: its addresses are routed to it`, loss: true }
        : { how }),
    };
  },
  macvlan(nic) {
    const { link, mode = 'private' } = nic;
    if (link === undefined) return 'a macvlan needs a link; kept by its name';
    const known = Object.hasOwn(modes, mode) ? modes[mode] : undefined;
    if (known === undefined) return `a macvlan has no mode ${mode}; kept by its name`;
    return {
      device: {
        kind: 'interface',
        one: { type: 'direct', source: { dev: link, mode: known }, ...ends(nic) },
      },
      takes: [...everyEnd, 'link', 'mode'],
      how: 'interface of type direct',
    };
  },
  phys: (nic) => moved(nic.link, nic, ['link']),
  vlan({ link, vlanId, ...nic }) {
    const name = link === undefined || vlanId === undefined ? undefined : `${link}.${vlanId}`;
    return moved(name, nic, ['link', 'vlanId'], `liblxc makes ${name ?? ''}, here it must be there`);
  },
};

/** Types that liblxc has and no element holds. */
const kept: Readonly<Record<string, string>> = {
  ipvlan: 'there is no element for interfaces of type ipvlan; kept by its name',
  none: 'a container never shares the network of the host here: it has a stack of its own; kept by its name',
};

/** The device of an interface of that type; a text tells why there is none. */
export function buildNic(type: string, nic: Nic): Built | string {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  return (
    kind?.(nic) ??
    (Object.hasOwn(kept, type) ? kept[type] : undefined) ??
    `liblxc has no interfaces of type ${type}`
  );
}

/** Whether liblxc knows the type, so that keeping it for the way back makes sense. */
export const isNicType = (type: string): boolean => Object.hasOwn(kinds, type) || Object.hasOwn(kept, type);
