// Where the links of a run are on the host: what its networks are there is written into the document of the run, as by libvirt.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Interface, Network } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import type { CardLink } from '../host/pci-links.js';
import { withInterfaces } from '../lifecycle/edit.js';
import { placeOf } from '../lifecycle/links.js';
import { forwardDevs, forwardModeOf, hasOwnBridge } from './plan.js';

/** A link on a network. */
export type NetworkInterface = Extract<Interface, { type: 'network' }>;
/** A card of the host. */
type CardInterface = Extract<Interface, { type: 'hostdev' }>;

/** Where links on a network go: a bridge, or a link of the host's that they stand on. */
export type Place =
  | { readonly bridge: string }
  | { readonly dev: string; readonly mode: 'bridge' | 'private' | 'vepa' | 'passthrough' };

/** `uses` tells how many links of runs stand on a link of the host already. */
export function placeOn(network: Network, uses: (dev: string) => number): Place {
  const { name, bridge } = network;
  if (bridge?.name !== undefined) return { bridge: bridge.name };
  const mode = forwardModeOf(network);
  const [dev] = forwardDevs(network).sort((a, b) => uses(a) - uses(b));
  if (
    dev === undefined ||
    mode === 'none' ||
    mode === 'nat' ||
    mode === 'route' ||
    mode === 'open' ||
    mode === 'hostdev'
  )
    throw new EngineError('unsupported', `network '${name}' names no bridge and no link of the host`, {
      name,
    });
  if (mode === 'passthrough' && uses(dev) > 0)
    throw new EngineError(
      'in-use',
      `each link of the host that network '${name}' passes through has a container already`,
      { name },
    );
  return { dev, mode };
}

/** What a document says of a run's place, which is another one's. */
export function unplaced(link: NetworkInterface): NetworkInterface {
  const {
    portid: _id,
    bridge: _bridge,
    dev: _dev,
    mode: _mode,
    macTableManager: _manager,
    ...source
  } = link.source;
  return { ...link, source };
}

/** As for libvirt: what gives the members addresses and leads them out would be in none of their VLANs. */
export const noVlans = (name: string): string =>
  `VLANs are for networks on a bridge of the host's (<forward mode='bridge'/>), which '${name}' is not: no domain starts on it with a <vlan>`;

/** With its place, and what the network has for it where the document says nothing. */
export function placed(link: NetworkInterface, network: Network, place: Place): NetworkInterface {
  const group = groupOf(network, link.source.portgroup);
  const bandwidth = link.bandwidth ?? group?.bandwidth;
  const mtu = link.mtu ?? network.mtu;
  const trust = link.trustGuestRxFilters ?? group?.trustGuestRxFilters ?? network.trustGuestRxFilters;
  const port = link.port ?? network.port;
  const vlan = link.vlan ?? group?.vlan ?? network.vlan;
  if (vlan !== undefined && hasOwnBridge(network))
    throw new EngineError('unsupported', noVlans(network.name));
  const bare = unplaced(link);
  return {
    ...bare,
    source: { ...bare.source, ...place },
    ...(bandwidth !== undefined && { bandwidth }),
    ...(mtu !== undefined && { mtu }),
    ...(port !== undefined && { port }),
    ...(vlan !== undefined && { vlan }),
    ...(trust !== undefined && { trustGuestRxFilters: trust }),
  };
}

/** With its name on the host, and its hardware address there where the document gives none. */
export const placedCard = (link: CardInterface, { name, mac }: CardLink): CardInterface => ({
  ...link,
  source: { ...link.source, dev: name },
  mac: link.mac ?? { address: mac },
});

/** Whether a document of a run says where on the host it is. */
export const hasPlace = ({ type }: Interface): boolean => type === 'network' || type === 'hostdev';

/** In the place of the same link among those that are there; undefined where there is none. */
export function keptIn(link: Interface, there: readonly Interface[] = []): Interface | undefined {
  if (link.type === 'hostdev') return keptCard(link, there);
  if (link.type !== 'network') return undefined;
  const { network } = link.source;
  for (const one of there) {
    if (one.type !== 'network' || one.source.network !== network) continue;
    if (one.guest?.dev !== link.guest?.dev || one.mac?.address !== link.mac?.address) continue;
    const { bridge, dev, mode } = one.source;
    const place = {
      ...(bridge !== undefined && { bridge }),
      ...(dev !== undefined && { dev }),
      ...(mode !== undefined && { mode }),
    };
    const bare = unplaced(link);
    return { ...bare, source: { ...bare.source, ...place } };
  }
  return undefined;
}

/** By where it is: the host does not show it there while it is the container's. */
function keptCard(link: CardInterface, there: readonly Interface[]): CardInterface | undefined {
  for (const one of there)
    if (one.type === 'hostdev' && one.source.dev !== undefined && placeOf(one) === placeOf(link))
      return { ...link, source: { ...link.source, dev: one.source.dev } };
  return undefined;
}

/** The one of this name, or the network's default. */
export const groupOf = ({ portgroups = [] }: Network, name: string | undefined) =>
  name === undefined
    ? portgroups.find((group) => group.default === true)
    : portgroups.find((group) => group.name === name);

/** A document to be stored: where a run of it was is not the next one's place. */
export function withoutPlaces(domain: Domain): Domain {
  const { interfaces } = domain.devices;
  if (interfaces?.some(hasPlace) !== true) return domain;
  return withInterfaces(
    domain,
    interfaces.map((link): Interface => {
      if (link.type === 'network') return unplaced(link);
      if (link.type !== 'hostdev') return link;
      const { dev: _dev, ...source } = link.source;
      return { ...link, source };
    }),
  );
}
