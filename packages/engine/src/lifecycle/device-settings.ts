// Interfaces and devices of the host in words, as edits of a document.
// SPDX-License-Identifier: Apache-2.0
import type { InterfaceSetting } from '@ctvirt/api';
import type { Domain, Hostdev, Interface } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { withInterfaces } from './edit.js';

const linksOf = ({ devices }: Domain): readonly Interface[] => devices.interfaces ?? [];

const isCalled =
  (name: string) =>
  ({ guest }: Interface, index: number): boolean =>
    (guest?.dev ?? `eth${index}`) === name;

/** Adds an interface by what it is called inside; throws `exists` for a name that there is. */
export function withInterface(domain: Domain, { name, bridge, mac, hostName }: InterfaceSetting): Domain {
  if (linksOf(domain).some(isCalled(name)))
    throw new EngineError('exists', `it has an interface ${name} already`);
  const ends = {
    ...(mac !== undefined && { mac: { address: mac } }),
    ...(hostName !== undefined && { target: { dev: hostName } }),
    guest: { dev: name },
  };
  const link: Interface =
    bridge === undefined ? { type: 'ethernet', ...ends } : { type: 'bridge', source: { bridge }, ...ends };
  return withInterfaces(domain, [...linksOf(domain), link]);
}

/** Takes one away; throws `not-found` where there is none. */
export function withoutInterface(domain: Domain, name: string): Domain {
  const place = linksOf(domain).findIndex(isCalled(name));
  if (place < 0) throw new EngineError('not-found', `domain '${domain.name}' has no interface ${name}`);
  return withInterfaces(
    domain,
    linksOf(domain).filter((_, index) => index !== place),
  );
}

/** What of the host a hostdev is: the path of a device file, or the name of a link. */
const namedBy = (device: Hostdev): string | undefined => {
  if (device.type === 'net') return device.source.interface;
  return device.type === 'misc' ? device.source.char : undefined;
};

/** Hands one of the host's over; throws `exists` for one that it has. */
export function withDevice(domain: Domain, name: string): Domain {
  const { hostdevs = [] } = domain.devices;
  if (hostdevs.some((one) => namedBy(one) === name))
    throw new EngineError('exists', `it has the device ${name} already`);
  const device: Hostdev = name.includes('/')
    ? { type: 'misc', mode: 'capabilities', source: { char: name } }
    : { type: 'net', mode: 'capabilities', source: { interface: name } };
  return { ...domain, devices: { ...domain.devices, hostdevs: [...hostdevs, device] } };
}

/** Takes it back; throws `not-found` where it has none of that name. */
export function withoutDevice(domain: Domain, name: string): Domain {
  const { hostdevs = [] } = domain.devices;
  const left = hostdevs.filter((one) => namedBy(one) !== name);
  if (left.length === hostdevs.length)
    throw new EngineError('not-found', `domain '${domain.name}' does not have the device ${name}`);
  return { ...domain, devices: { ...domain.devices, hostdevs: left } };
}
