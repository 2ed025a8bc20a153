// The interfaces of an LXC configuration: settings of one number together are one interface.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Interface, type Ip, type Route } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import { withHostdevs, withInterfaces, withPrivnet } from '../edit.js';
import { approximated, carried, ignored, noted, type Outcome, settle } from '../outcome.js';
import type { Report } from '../report.js';
import type { LxcSetting } from './parse.js';
import { notePrefix } from './row.js';

/** One interface while its settings come together. */
interface Nic {
  readonly type: string;
  link?: string;
  mac?: string;
  guest?: string;
  host?: string;
  mtu?: number;
  vlan?: number;
  vlanId?: string;
  mode?: string;
  router?: boolean;
  up: boolean;
  ips: Ip[];
  routes: Route[];
}

const family = (sub: string): 'ipv4' | 'ipv6' => (sub.startsWith('ipv6') ? 'ipv6' : 'ipv4');

/** What a sub-key says, or why not; it changes the interface. */
type NicRead = (nic: Nic, value: string, sub: string) => string | { why: string };

const address: NicRead = (nic, value, sub) => {
  const [one = '', broadcast] = value.split(/\s+/);
  const [ip = '', prefix] = one.split('/');
  if (familyOf(ip) !== family(sub)) return { why: `${one} is no address` };
  nic.ips.push({
    address: ip,
    family: family(sub),
    ...(prefix !== undefined && /^\d{1,3}$/.test(prefix) ? { prefix: Number(prefix) } : {}),
  });
  return broadcast === undefined ? 'ip' : 'ip, without the broadcast address';
};

const gateway: NicRead = (nic, value, sub) => {
  if (familyOf(value) !== family(sub))
    return { why: `no element says "${value}": give the gateway's address` };
  nic.routes.push({
    family: family(sub),
    address: family(sub) === 'ipv4' ? '0.0.0.0' : '::',
    gateway: value,
  });
  return 'default route';
};

const put =
  (field: 'link' | 'guest' | 'host' | 'vlanId' | 'mode', how: string): NicRead =>
  (nic, value) => {
    nic[field] = value;
    return how;
  };

const reads: Readonly<Record<string, NicRead>> = {
  type: () => 'type of the interface',
  link: put('link', 'source'),
  flags: (nic, value) => {
    nic.up = value === 'up';
    return 'link';
  },
  name: put('guest', 'guest'),
  hwaddr: (nic, value) => {
    if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value))
      return { why: `${value} is a pattern for random digits` };
    nic.mac = value.toLowerCase();
    return 'mac';
  },
  mtu: (nic, value) => {
    if (!/^\d{1,6}$/.test(value)) return { why: `${value} is no size` };
    nic.mtu = Number(value);
    return 'mtu';
  },
  'veth.pair': put('host', 'target'),
  'veth.mode': (nic, value) => {
    nic.router = value === 'router';
    return 'type of the interface';
  },
  'veth.vlan.id': (nic, value) => {
    if (!/^\d{1,4}$/.test(value) || Number(value) > 4095) return { why: `${value} is no VLAN` };
    nic.vlan = Number(value);
    return 'vlan';
  },
  'vlan.id': put('vlanId', 'source'),
  'macvlan.mode': put('mode', 'mode of the source'),
  'ipv4.address': address,
  'ipv6.address': address,
  'ipv4.gateway': gateway,
  'ipv6.gateway': gateway,
};

const subKeyOf = (name: string): string => name.replace(/^net\.\d+\.?/, '');

/** Reads all interfaces; without any, the container has a loopback of its own, as with liblxc. */
export function readNetwork(domain: Domain, settings: readonly LxcSetting[], report: Report): Domain {
  const numbers = [...new Set(settings.map(({ name }) => Number(/^net\.(\d+)/.exec(name)?.[1])))].sort(
    (a, b) => a - b,
  );
  if (numbers.length === 0) return withPrivnet(domain);
  let result = domain;
  for (const number of numbers) {
    const own = settings.filter(({ name }) => name.startsWith(`net.${number}.`));
    result = readNic(result, own, report);
  }
  const { interfaces, hostdevs } = result.devices;
  const isAlone = interfaces === undefined && hostdevs?.some(({ type }) => type === 'net') !== true;
  const asked = settings.some(({ name, value }) => subKeyOf(name) === 'type' && value === 'empty');
  return isAlone && asked ? withPrivnet(result) : result;
}

function readNic(domain: Domain, own: readonly LxcSetting[], report: Report): Domain {
  const typed = own.find(({ name }) => subKeyOf(name) === 'type');
  const nic: Nic = { type: typed?.value ?? '', up: false, ips: [], routes: [] };
  let result = domain;
  for (const setting of own) {
    const sub = subKeyOf(setting.name);
    const read = Object.hasOwn(reads, sub) ? reads[sub] : undefined;
    const said =
      read === undefined ? { why: 'no element holds it; kept by its name' } : read(nic, setting.value, sub);
    const outcome: Outcome =
      typeof said === 'string'
        ? carried(result, said)
        : noted(withAnother(result, notePrefix + setting.name, setting.value), said.why);
    result = settle(result, outcome, [setting], report);
  }
  if (typed === undefined)
    return settle(result, ignored('the interface has no type'), own.slice(0, 1), report);
  const build = Object.hasOwn(builders, nic.type) ? builders[nic.type] : undefined;
  const built =
    build === undefined
      ? ignored(`there is no element for interfaces of type ${nic.type}`)
      : build(result, nic);
  return settle(result, built, [typed], report);
}

const modes: Readonly<Record<string, 'private' | 'vepa' | 'bridge' | 'passthrough'>> = {
  private: 'private',
  vepa: 'vepa',
  bridge: 'bridge',
  passthru: 'passthrough',
};

function ends({ mac, guest, host, mtu, vlan, up, ips, routes }: Nic) {
  return {
    ...(mac === undefined ? {} : { mac: { address: mac } }),
    ...(vlan === undefined ? {} : { vlan: { tags: [{ id: vlan }] } }),
    ...(ips.length === 0 ? {} : { ips }),
    ...(routes.length === 0 ? {} : { routes }),
    ...(host === undefined ? {} : { target: { dev: host } }),
    ...(guest === undefined ? {} : { guest: { dev: guest } }),
    link: { state: up ? ('up' as const) : ('down' as const) },
    ...(mtu === undefined ? {} : { mtu: { size: mtu } }),
  };
}

const builders: Readonly<Record<string, (domain: Domain, nic: Nic) => Outcome>> = {
  empty: (domain) => carried(domain, 'privnet, unless there are interfaces'),
  none: (domain) =>
    approximated(domain, "neither interface nor privnet: the container shares the host's network"),
  veth: (domain, nic) => {
    const one: Interface =
      nic.link === undefined || nic.router === true
        ? { type: 'ethernet', ...ends(nic) }
        : { type: 'bridge', source: { bridge: nic.link }, ...ends(nic) };
    return carried(withInterfaces(domain, [one]), `interface of type ${one.type}`);
  },
  macvlan: (domain, nic) => {
    if (nic.link === undefined) return ignored('a macvlan needs a link');
    const mode = modes[nic.mode ?? 'private'] ?? 'private';
    const one: Interface = { type: 'direct', source: { dev: nic.link, mode }, ...ends(nic) };
    return carried(withInterfaces(domain, [one]), 'interface of type direct');
  },
  phys: (domain, nic) => moved(domain, nic, nic.link),
  vlan: (domain, nic) =>
    moved(
      domain,
      nic,
      nic.link === undefined || nic.vlanId === undefined ? undefined : `${nic.link}.${nic.vlanId}`,
    ),
};

function moved(domain: Domain, nic: Nic, name: string | undefined): Outcome {
  if (name === undefined) return ignored('it names no interface of the host');
  const result = withHostdevs(domain, [
    {
      type: 'net',
      mode: 'capabilities',
      source: { interface: name },
      ...(nic.ips.length === 0 ? {} : { ips: nic.ips }),
      ...(nic.routes.length === 0 ? {} : { routes: nic.routes }),
    },
  ]);
  return nic.guest === undefined && nic.mac === undefined
    ? carried(result, 'hostdev of type net')
    : approximated(result, 'hostdev of type net, which has neither a name inside nor an address of its own');
}
