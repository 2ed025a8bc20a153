// A zone's network: addresses on the host's stack, or interfaces of its own.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Interface, type Ip, type Route } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import { withHostdevs, withInterfaces, withPrivnet } from '../edit.js';
import { approximated, carried, ignored, type Outcome, settle } from '../outcome.js';
import type { Place, Report } from '../report.js';
import type { ZoneResource } from './parse.js';
import { notePrefix, noteResource, property } from './row.js';

/** Where the host's interface of an address is kept. */
export const physicalPrefix = `${notePrefix}physical.`;

function readAddress(text: string | undefined): Ip | undefined {
  const [address = '', prefix] = (text ?? '').split('/');
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const bits = prefix !== undefined && /^\d{1,3}$/.test(prefix) ? Number(prefix) : undefined;
  return { address, family, ...(bits === undefined ? {} : { prefix: bits }) };
}

function routesOf(net: ZoneResource): { routes?: Route[] } {
  const gateway = property(net, 'defrouter');
  const family = familyOf(gateway ?? '');
  if (gateway === undefined || family === undefined) return {};
  return { routes: [{ family, address: family === 'ipv4' ? '0.0.0.0' : '::', gateway }] };
}

/** An address of the host's own stack becomes a routed one. */
function readShared(domain: Domain, net: ZoneResource): Outcome {
  const given = property(net, 'address');
  const ip = readAddress(given);
  if (ip === undefined)
    return noteResource(domain, net, `${given ?? 'it'} is no address: host names are not looked up`);
  const physical = property(net, 'physical');
  const result = withInterfaces(domain, [{ type: 'ethernet', ips: [ip], ...routesOf(net) }]);
  const kept = physical === undefined ? result : withAnother(result, physicalPrefix + ip.address, physical);
  return approximated(kept, 'an interface of its own with this address, routed');
}

function readExclusive(domain: Domain, net: ZoneResource): Outcome {
  const physical = property(net, 'physical') ?? property(net, 'linkname');
  const nic = property(net, 'global-nic') ?? property(net, 'lower-link');
  const ip = readAddress(property(net, 'allowed-address'));
  const addresses = { ...(ip === undefined ? {} : { ips: [ip] }), ...routesOf(net) };
  if (nic !== undefined && nic !== 'auto') {
    const mac = property(net, 'mac-addr') ?? property(net, 'mac-address');
    const vlan = property(net, 'vlan-id');
    const one: Interface = {
      type: 'direct',
      ...(mac !== undefined && /^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(mac)
        ? { mac: { address: padded(mac) } }
        : {}),
      source: { dev: nic, mode: 'bridge' },
      ...(vlan !== undefined && /^\d{1,4}$/.test(vlan) ? { vlan: { tags: [{ id: Number(vlan) }] } } : {}),
      ...addresses,
      ...(physical === undefined ? {} : { guest: { dev: physical } }),
    };
    return carried(withInterfaces(domain, [one]), 'interface of type direct');
  }
  if (physical === undefined) return noteResource(domain, net, 'it names no interface');
  const result = withHostdevs(domain, [
    { type: 'net', mode: 'capabilities', source: { interface: physical }, ...addresses },
  ]);
  return ip === undefined
    ? carried(result, 'hostdev of type net')
    : approximated(result, 'hostdev of type net; other addresses are not refused');
}

const padded = (mac: string): string =>
  mac
    .toLowerCase()
    .split(':')
    .map((part) => part.padStart(2, '0'))
    .join(':');

/** Reads all of a zone's interfaces; without any it sees none of the host's either. */
export function readNets(
  domain: Domain,
  nets: readonly ZoneResource[],
  isExclusive: boolean,
  placesOf: (net: ZoneResource) => readonly Place[],
  report: Report,
): Domain {
  let result = nets.length === 0 ? withPrivnet(domain) : domain;
  for (const net of nets) {
    const own = isExclusive || net.type === 'anet';
    const wrong = !own && property(net, 'address') === undefined;
    const outcome = wrong
      ? ignored('a shared stack needs an address')
      : own
        ? readExclusive(result, net)
        : readShared(result, net);
    result = settle(result, outcome, placesOf(net), report);
  }
  return result;
}
