// A zone's network: addresses on the host's stack, or interfaces of its own.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Interface, type Ip, type Route } from '@ctvirt/xml';
import { everywhere, readAddress } from '../addresses.js';
import { withAnother } from '../beancounters.js';
import { withHostdevs, withInterfaces, withPrivnet } from '../edit.js';
import { approximated, carried, ignored, type Outcome, settle } from '../outcome.js';
import type { Place, Report } from '../report.js';
import type { ZoneResource } from './parse.js';
import { notePrefix, noteResource, property } from './row.js';

/** Where the host's interface of an address is kept. */
export const physicalPrefix = `${notePrefix}physical.`;

function routesOf(net: ZoneResource): { routes?: Route[] } {
  const gateway = property(net, 'defrouter');
  const family = familyOf(gateway ?? '');
  if (gateway === undefined || family === undefined) return {};
  return { routes: [{ family, address: everywhere(family), gateway }] };
}

/** An address of the host's own stack becomes a routed one. */
function readShared(domain: Domain, net: ZoneResource): Outcome {
  const given = property(net, 'address');
  const ip = readAddress(given ?? '');
  if (ip === undefined)
    return noteResource(domain, net, `${given ?? 'it'} is no address: host names are not looked up`);
  const physical = property(net, 'physical');
  const result = withInterfaces(domain, [{ type: 'ethernet', ips: [ip], ...routesOf(net) }]);
  const kept = physical === undefined ? result : withAnother(result, physicalPrefix + ip.address, physical);
  return approximated(kept, 'an interface of its own with this address, routed');
}

/** Properties of an interface of its own that a document holds, whichever release wrote them. */
const held = new Set([
  'physical',
  'linkname',
  'global-nic',
  'lower-link',
  'allowed-address',
  'mac-addr',
  'mac-address',
  'vlan-id',
  'defrouter',
]);

const macOf = (text: string | undefined): string | undefined =>
  text !== undefined && /^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(text) ? padded(text) : undefined;
const vlanOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,4}$/.test(text) && Number(text) < 4096 ? Number(text) : undefined;

function readExclusive(domain: Domain, net: ZoneResource): Outcome {
  const name = property(net, 'physical') ?? property(net, 'linkname');
  const nic = property(net, 'global-nic') ?? property(net, 'lower-link');
  if (net.type === 'anet' || nic !== undefined)
    return nic === undefined || nic === 'auto'
      ? noteResource(domain, net, "the zone's host chooses what it is made on: name the link there")
      : readMade(domain, net, name, nic);
  if (name === undefined) return noteResource(domain, net, 'it names no interface');
  const { addresses, lost } = addressesOf(net);
  const result = withHostdevs(domain, [
    { type: 'net', mode: 'capabilities', source: { interface: name }, ...addresses },
  ]);
  const extra = ['mac-addr', 'mac-address', 'vlan-id'].filter((each) => property(net, each) !== undefined);
  const losses = without([...lost, ...extra]);
  return within(result, 'hostdev of type net', [
    ...losses,
    ...(addresses.ips === undefined ? [] : ['other addresses are not refused']),
  ]);
}

/** An interface that the zone's host makes on one of its own. */
function readMade(domain: Domain, net: ZoneResource, name: string | undefined, nic: string): Outcome {
  const { addresses, lost } = addressesOf(net);
  const given = {
    mac: property(net, 'mac-addr') ?? property(net, 'mac-address'),
    vlan: property(net, 'vlan-id'),
  };
  const [mac, vlan] = [macOf(given.mac), vlanOf(given.vlan)];
  const one: Interface = {
    type: 'direct',
    ...(mac === undefined ? {} : { mac: { address: mac } }),
    source: { dev: nic, mode: 'bridge' },
    ...(vlan === undefined ? {} : { vlan: { tags: [{ id: vlan }] } }),
    ...addresses,
    ...(name === undefined ? {} : { guest: { dev: name } }),
  };
  const losses = without([
    ...lost,
    ...(given.mac !== undefined && mac === undefined ? ['mac-addr'] : []),
    ...(given.vlan !== undefined && vlan === undefined ? ['vlan-id'] : []),
  ]);
  return within(withInterfaces(domain, [one]), 'interface of type direct', losses);
}

/** Its address and default route, and the properties that nothing holds. */
function addressesOf(net: ZoneResource): {
  readonly addresses: { readonly ips?: Ip[]; readonly routes?: Route[] };
  readonly lost: readonly string[];
} {
  const given = property(net, 'allowed-address');
  const ip = given === undefined ? undefined : readAddress(given);
  const routes = routesOf(net);
  return {
    addresses: { ...(ip === undefined ? {} : { ips: [ip] }), ...routes },
    lost: [
      ...net.properties.flatMap((one) => (held.has(one.name) ? [] : [one.name])),
      ...(given !== undefined && ip === undefined ? ['allowed-address'] : []),
      ...(property(net, 'defrouter') !== undefined && routes.routes === undefined ? ['defrouter'] : []),
    ],
  };
}

const without = (names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`without ${[...new Set(names)].join(', ')}`];

const within = (domain: Domain, how: string, losses: readonly string[]): Outcome =>
  losses.length === 0 ? carried(domain, how) : approximated(domain, [how, ...losses].join('; '));

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
  let result = domain;
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
  const { interfaces = [], hostdevs = [] } = result.devices;
  return interfaces.length === 0 && hostdevs.every(({ type }) => type !== 'net')
    ? withPrivnet(result)
    : result;
}
