// Interfaces and devices in vzctl's words.
// SPDX-License-Identifier: Apache-2.0
import type { InterfaceSetting } from '@ctvirt/api';
import { parseNetif } from '@ctvirt/formats';
import { type Domain, type Interface, nameInside } from '@ctvirt/xml';
import { VzError } from '../exit-codes.js';
import type { Edit } from './change.js';

const namesOf = ({ devices }: Domain): string[] => (devices.interfaces ?? []).map(nameInside);

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

/** A veth; what the host's end has for an address it has of its own. */
export function interfaceOf(word: string): InterfaceSetting {
  const [nic, ...more] = parseNetif(netifOf(word)) ?? [];
  if (nic === undefined || more.length > 0)
    throw new VzError('value', `Bad parameter for option --netif_add: ${word}`);
  const { ifname: name, bridge, mac, host_ifname: hostName } = nic;
  return {
    name,
    ...(bridge !== undefined && { bridge }),
    ...(mac !== undefined && { mac: mac.toLowerCase() }),
    ...(hostName !== undefined && { hostName }),
  };
}

/** A link's name has at most so many characters. */
const LONGEST_LINK_NAME = 15;

/** Where it is not said, the host's end is called as vzctl calls it, `veth101.0` of eth0, by which scripts put it on a bridge. */
export function hostNamed(setting: InterfaceSetting, ctid: number): InterfaceSetting {
  const hostName = `veth${ctid}.${/^\D+(\d+)/.exec(setting.name)?.[1] ?? 0}`;
  return hostName.length > LONGEST_LINK_NAME ? setting : { hostName, ...setting };
}

/** What `all` means: every interface but those of venet. */
export function ownInterfaces(domain: Domain): string[] {
  const names = namesOf(domain);
  const isVenet = ({ type, ips, guest }: Interface): boolean =>
    type === 'ethernet' && ips !== undefined && guest?.dev === undefined;
  return (domain.devices.interfaces ?? []).flatMap((one, at) => (isVenet(one) ? [] : (names[at] ?? [])));
}

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

/** The devices of the host that it has, by the paths of their files and the names of its links. */
export const devicesOf = ({ devices }: Domain): string[] =>
  (devices.hostdevs ?? []).flatMap((one) => {
    if (one.type === 'net') return [one.source.interface];
    return one.type === 'misc' ? [one.source.char] : [];
  });

/** `net/tun:rw`; `none` takes it away again. */
export function deviceNode(
  option: string,
  word: string,
): { readonly path: string; readonly isGone: boolean } {
  const [, node, access] = /^([^:]+):(none|[rwq]+)$/.exec(word) ?? [];
  if (node === undefined || node.split('/').includes('..'))
    throw new VzError('value', `Bad parameter for option --${option}: ${word}`);
  return { path: `/dev/${node}`, isGone: access === 'none' };
}

/** What customers ask for by number; by their names they are handed over. */
const nodes: Readonly<Record<string, string>> = {
  'c:10:200': 'net/tun',
  'c:10:229': 'fuse',
  'c:108:0': 'ppp',
  'c:10:232': 'kvm',
};

/** The same by numbers: `c:10:200:rw`. */
export function numberedDevice(word: string): ReturnType<typeof deviceNode> {
  const [, numbers = '', access] = /^([bc]:\d+:(?:\d+|all)):(none|[rwq]+)$/.exec(word) ?? [];
  if (numbers === '') throw new VzError('value', `Bad parameter for option --devices: ${word}`);
  const node = nodes[numbers];
  if (node === undefined)
    throw new VzError('device', `No device is handed over by its numbers ${word}: name it by --devnodes`);
  return deviceNode('devices', `${node}:${access}`);
}
