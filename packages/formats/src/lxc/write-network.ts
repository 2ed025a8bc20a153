// The interfaces of a domain as liblxc's, with what was kept of each by its name.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Hostdev, Interface, Ip, Route } from '@ctvirt/xml';
import { everywhere } from '../addresses.js';
import { parametersWith } from '../beancounters.js';
import { notePrefix } from './row.js';
import type { Rows } from './rows.js';

const macvlanModes: Readonly<Record<string, string>> = { passthrough: 'passthru' };

interface NicText {
  readonly type: string;
  readonly link?: string;
  readonly mode?: string;
}

/** Undefined for a type that liblxc has no interfaces of. */
function nicText(one: Interface): NicText | undefined {
  switch (one.type) {
    case 'bridge':
      return { type: 'veth', link: one.source.bridge };
    case 'ethernet':
      return one.ips === undefined ? { type: 'veth' } : { type: 'veth', mode: 'router' };
    case 'direct': {
      const { dev, mode } = one.source;
      return { type: 'macvlan', link: dev, mode: macvlanModes[mode] ?? mode };
    }
    default:
      return undefined;
  }
}

/** Sub-keys kept by their names, by the place of their interface in the document. */
type Kept = ReadonlyMap<number, readonly (readonly [sub: string, value: string])[]>;

const notePattern = /^net\.(\d{1,9})\.(.+)$/;

/** Whether what was kept belongs to an interface. */
export const isNetworkNote = (name: string): boolean => notePattern.test(name);

function keptOf(domain: Domain): Kept {
  const kept = new Map<number, (readonly [string, string])[]>();
  for (const { name, value } of parametersWith(domain, notePrefix)) {
    const [, place = '', sub = ''] = notePattern.exec(name) ?? [];
    if (place === '') continue;
    const known = kept.get(Number(place)) ?? [];
    kept.set(Number(place), sub === 'type' ? [[sub, value], ...known] : [...known, [sub, value]]);
  }
  return kept;
}

/** Writes all interfaces; a domain without any has a stack of its own, whatever its type. */
export function writeNetwork(domain: Domain, out: Rows): void {
  const kept = keptOf(domain);
  const devices = [
    ...(domain.devices.interfaces ?? []),
    ...(domain.devices.hostdevs ?? []).filter((one) => one.type === 'net'),
  ];
  let number = 0;
  devices.forEach((one, place) => {
    const prefix = `net.${number}.`;
    const isWritten = isMoved(one) ? writeMoved(one, prefix, out) : writeInterface(one, place, prefix, out);
    if (isWritten) number++;
    writeKept(kept.get(place), isWritten ? prefix : undefined, out);
  });
  for (const [place, notes] of [...kept].sort(([a], [b]) => a - b)) {
    if (place < devices.length) continue;
    // An interface that no element holds was kept whole, beginning with its type.
    const isWhole = notes[0]?.[0] === 'type';
    writeKept(notes, isWhole ? `net.${number++}.` : undefined, out);
  }
  if (number > 0) return;
  out.put('net.0.type', 'empty');
  out.put('net.0.flags', 'up');
}

type Moved = Extract<Hostdev, { type: 'net' }>;
const isMoved = (one: Interface | Moved): one is Moved => one.type === 'net';

function writeKept(
  notes: readonly (readonly [sub: string, value: string])[] = [],
  prefix: string | undefined,
  out: Rows,
): void {
  for (const [sub, value] of notes)
    if (prefix === undefined) out.lose(`lxc.net.${sub}`, 'the interface it was kept for is not written');
    else out.keep(prefix + sub, value);
}

function writeMoved({ source, ips, routes }: Moved, prefix: string, out: Rows): true {
  out.put(`${prefix}type`, 'phys');
  out.put(`${prefix}link`, source.interface);
  out.put(`${prefix}flags`, 'up');
  writeAddresses(ips, routes, prefix, whole, out);
  return true;
}

function writeInterface(one: Interface, place: number, prefix: string, out: Rows): boolean {
  const text = nicText(one);
  const key = `devices/interface[${place + 1}]`;
  if (text === undefined) {
    out.lose(key, `liblxc has no interfaces of type ${one.type}`);
    return false;
  }
  out.put(`${prefix}type`, text.type);
  if (text.type === 'macvlan') out.put(`${prefix}macvlan.mode`, text.mode);
  else out.put(`${prefix}veth.mode`, text.mode);
  out.put(`${prefix}link`, text.link);
  out.put(`${prefix}name`, one.guest?.dev);
  out.put(`${prefix}hwaddr`, one.mac?.address);
  out.put(`${prefix}mtu`, one.mtu?.size);
  if (text.type === 'veth') {
    out.put(`${prefix}veth.pair`, one.target?.dev);
    out.put(`${prefix}veth.vlan.id`, one.vlan?.tags?.[0]?.id);
  }
  if (one.link?.state !== 'down') out.put(`${prefix}flags`, 'up');
  writeAddresses(one.ips, one.routes, prefix, one.type === 'ethernet' ? whole : common, out);
  for (const field of ['bandwidth', 'filterref', 'virtualport', 'script'] as const)
    if (one[field] !== undefined) out.lose(`${key}/${field}`, 'liblxc has no key for it');
  return true;
}

/** What an address has that says no prefix: routed it is alone, on a bridge it is one of many, as at run time. */
const whole = { ipv4: 32, ipv6: 128 } as const;
const common = { ipv4: 24, ipv6: 64 } as const;

function writeAddresses(
  ips: readonly Ip[] | undefined,
  routes: readonly Route[] | undefined,
  prefix: string,
  usual: { readonly ipv4: number; readonly ipv6: number },
  out: Rows,
): void {
  for (const { address, family, prefix: bits } of ips ?? [])
    out.put(`${prefix}${family}.address`, `${address}/${bits ?? usual[family]}`);
  for (const route of routes ?? []) {
    if (route.address === everywhere(route.family))
      out.put(`${prefix}${route.family}.gateway`, route.gateway);
    else
      out.lose(
        `lxc.${prefix}${route.family}.gateway`,
        `liblxc sets default routes only, not one to ${route.address}`,
      );
  }
}
