// Devices of the host in words, as edits of a document.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Hostdev } from '@ctvirt/xml';
import { EngineError } from '../errors.js';

/** What of the host a hostdev is: the path of a device file, or the name of a link. */
const namedBy = (device: Hostdev): string | undefined => {
  if (device.type === 'net') return device.source.interface;
  return device.type === 'misc' ? device.source.char : undefined;
};

/** Hands one of the host's over; throws `exists` for one that it has. */
export function withDevice(domain: Domain, name: string): Domain {
  const { hostdevs = [] } = domain.devices;
  if (hostdevs.some((one) => namedBy(one) === name))
    throw new EngineError('exists', `domain '${domain.name}' has the device ${name} already`);
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
