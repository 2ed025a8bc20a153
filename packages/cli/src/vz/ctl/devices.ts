// Interfaces and devices in vzctl's words, as edits of a document.
// SPDX-License-Identifier: Apache-2.0
import { addKey, parseNetif } from '@ctvirt/formats';
import type { Domain, Hostdev, Interface } from '@ctvirt/xml';
import { VzError } from '../exit-codes.js';
import type { Edit } from './change.js';

const namesOf = ({ devices }: Domain): string[] =>
  (devices.interfaces ?? []).map(({ guest }, index) => guest?.dev ?? `eth${index}`);

const withInterfaces = (domain: Domain, interfaces: readonly Interface[]): Domain => ({
  ...domain,
  devices: { ...domain.devices, interfaces: [...interfaces] },
});

/** By place, as vzctl has it on its command line. */
const places = ['ifname', 'mac', 'host_ifname', 'host_mac', 'bridge'] as const;

/** `eth0,,,,vmbr0`, or as its files have it. */
function netifOf(word: string): string {
  if (word.includes('=')) return word;
  const parts = word.split(',');
  return places.flatMap((key, at) => (parts[at] ? [`${key}=${parts[at]}`] : [])).join(',');
}

/** Adds a veth. */
export function addInterface(word: string): Edit {
  const text = netifOf(word);
  const [nic, ...more] = parseNetif(text) ?? [];
  if (nic === undefined || more.length > 0)
    throw new VzError('value', `Bad parameter for option --netif_add: ${word}`);
  return (domain, keys) => {
    if (namesOf(domain).includes(nic.ifname))
      throw new VzError('veth', `Interface ${nic.ifname} already exists`);
    return addKey(domain, 'NETIF', text, keys);
  };
}

/** Takes one away, or with the word all every one that is no venet's. */
export const removeInterface =
  (name: string): Edit =>
  (domain) => {
    const names = namesOf(domain);
    const all = domain.devices.interfaces ?? [];
    if (name !== 'all' && !names.includes(name)) throw new VzError('veth', `There is no interface ${name}`);
    const isVenet = ({ type, ips, guest }: Interface): boolean =>
      type === 'ethernet' && ips !== undefined && guest?.dev === undefined;
    const isLeft = (one: Interface, at: number): boolean =>
      name === 'all' ? isVenet(one) : names[at] !== name;
    return withInterfaces(domain, all.filter(isLeft));
  };

/** Changes one property of the interface that --ifname names. */
export const changeInterface =
  (ifname: string | undefined, option: 'mac' | 'host_ifname' | 'bridge', value: string): Edit =>
  (domain) => {
    const names = namesOf(domain);
    if (ifname === undefined) throw new VzError('syntax', `--${option} needs --ifname before it`);
    if (!names.includes(ifname)) throw new VzError('veth', `There is no interface ${ifname}`);
    const change = (one: Interface): Interface => {
      if (option === 'mac') return { ...one, mac: { ...one.mac, address: value.toLowerCase() } };
      if (option === 'host_ifname') return { ...one, target: { ...one.target, dev: value } };
      const { mac, target, guest, ips, routes } = one;
      return {
        type: 'bridge',
        source: { bridge: value },
        ...(mac !== undefined && { mac }),
        ...(target !== undefined && { target }),
        ...(guest !== undefined && { guest }),
        ...(ips !== undefined && { ips }),
        ...(routes !== undefined && { routes }),
      };
    };
    const all = domain.devices.interfaces ?? [];
    return withInterfaces(
      domain,
      all.map((one, at) => (names[at] === ifname ? change(one) : one)),
    );
  };

const withoutHostdevs = (domain: Domain, isGone: (one: Hostdev) => boolean): Domain => ({
  ...domain,
  devices: {
    ...domain.devices,
    hostdevs: (domain.devices.hostdevs ?? []).filter((one) => !isGone(one)),
  },
});

const isLink =
  (name: string) =>
  (one: Hostdev): boolean =>
    one.type === 'net' && one.source.interface === name;

/** Hands a link of the host over. */
export const addLink =
  (name: string): Edit =>
  (domain, keys) =>
    addKey(withoutHostdevs(domain, isLink(name)), 'NETDEV', name, keys);

/** Takes one back. */
export const removeLink =
  (name: string): Edit =>
  (domain) => {
    if (!(domain.devices.hostdevs ?? []).some(isLink(name)))
      throw new VzError('netdev', `There is no network device ${name}`);
    return withoutHostdevs(domain, isLink(name));
  };

const isNode =
  (node: string) =>
  (one: Hostdev): boolean => {
    const path =
      one.type === 'misc' ? one.source.char : one.type === 'storage' ? one.source.block : undefined;
    return path === `/dev/${node}`;
  };

/** `net/tun:rw`; `none` takes it away again. */
export function deviceNode(word: string): Edit {
  const [, node, access] = /^([^:]+):(none|[rwq]+)$/.exec(word) ?? [];
  if (node === undefined) throw new VzError('value', `Bad parameter for option --devnodes: ${word}`);
  return (domain, keys) => {
    const rest = withoutHostdevs(domain, isNode(node));
    return access === 'none' ? rest : addKey(rest, 'DEVNODES', word, keys);
  };
}

/** What customers ask for by number; by their names they are handed over. */
const nodes: Readonly<Record<string, string>> = {
  'c:10:200': 'net/tun',
  'c:10:229': 'fuse',
  'c:108:0': 'ppp',
  'c:10:232': 'kvm',
};

/** The same by numbers: `c:10:200:rw`; undefined for one that no name is known of. */
export function numberedDevice(word: string): Edit | undefined {
  const [, numbers = '', access] = /^([bc]:\d+:(?:\d+|all)):(none|[rwq]+)$/.exec(word) ?? [];
  if (numbers === '') throw new VzError('value', `Bad parameter for option --devices: ${word}`);
  const node = nodes[numbers];
  return node === undefined ? undefined : deviceNode(`${node}:${access}`);
}
