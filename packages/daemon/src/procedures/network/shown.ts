// The networks clients see: ours, and the host's bridges that none of ours is, which an interface can name as well.
// SPDX-License-Identifier: Apache-2.0
import type { NetworkSummary } from '@ctvirt/api';
import type { Engine, LinkAddresses } from '@ctvirt/engine';
import type { RpcError } from '@ctvirt/rpc';
import { namedUuid } from '../words/named-uuid.js';
import { refusal } from '../words/refusal.js';

/** What is known of either without its document. */
export interface ShownNetwork
  extends Pick<NetworkSummary, 'name' | 'uuid' | 'active' | 'persistent' | 'autostart' | 'bridge'> {
  /** The host's link where it is no network of ours. */
  readonly link: LinkAddresses | undefined;
}

const own = (network: NetworkSummary): ShownNetwork => ({ ...network, link: undefined });

/** One that is up is an active network, one that is down an inactive one. */
const ofHost = (link: LinkAddresses): ShownNetwork => ({
  name: link.name,
  uuid: namedUuid('network', link.name),
  active: link.up,
  persistent: true,
  autostart: true,
  bridge: link.name,
  link,
});

/** By name; of the host as it is now. */
export async function shownNetworks({ networks, links }: Engine): Promise<ShownNetwork[]> {
  const ours = networks.list();
  const taken = new Set(ours.flatMap(({ name, bridge }) => (bridge === null ? [name] : [name, bridge])));
  const bridges = (await links()).filter(({ kind, name }) => kind === 'bridge' && !taken.has(name));
  return [...ours.map(own), ...bridges.map(ofHost)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** How clients name one: by UUID in calls, whatever else they send. */
export type NetworkKey = { readonly name: string } | { readonly uuid: string };

async function findNetwork(engine: Engine, key: NetworkKey): Promise<ShownNetwork | undefined> {
  const ours = engine.networks.find(key);
  if (ours !== undefined) return own(ours);
  const shown = await shownNetworks(engine);
  return shown.find(({ name, uuid }) => ('name' in key ? name === key.name : uuid === key.uuid));
}

/** The network a client looks for; an absent one is refused in libvirt's words. */
export async function lookUpNetwork(engine: Engine, key: NetworkKey): Promise<ShownNetwork> {
  const what = 'name' in key ? `name '${key.name}'` : `uuid '${key.uuid}'`;
  return (await findNetwork(engine, key)) ?? refuseAbsent(what);
}

const refuseAbsent = (what: string): never => {
  throw refusal('noNetwork', 'network', `no network with matching ${what}`);
};

/** A network as it is named on the wire. */
export interface WireNetwork {
  readonly name: string;
  readonly uuid: string;
}

/** What clients name it by in later calls. */
export const toWireNetwork = ({ name, uuid }: WireNetwork): WireNetwork => ({ name, uuid });

/** The network of a call. */
export const networkOf = async (engine: Engine, { name, uuid }: WireNetwork): Promise<ShownNetwork> =>
  (await findNetwork(engine, { uuid })) ?? refuseAbsent(`uuid '${uuid}' (${name})`);

/** The same for what changes it: the host's bridges are the host's. */
export async function ownNetworkOf(engine: Engine, net: WireNetwork): Promise<ShownNetwork> {
  const network = await networkOf(engine, net);
  if (network.link !== undefined)
    throw refusal(
      'operationUnsupported',
      'network',
      `'${network.name}' is a bridge of the host, which is changed there; a network of its own can be defined on it`,
    );
  return network;
}

/** A network in the wrong state, in libvirt's words, which are in each case a whole sentence. */
export const wrongState = (message: string): RpcError => refusal('operationInvalid', 'network', message);

/** The network of a call that only a running one can answer. */
export async function activeNetworkOf(engine: Engine, net: WireNetwork): Promise<ShownNetwork> {
  const network = await networkOf(engine, net);
  if (!network.active) throw wrongState(`network '${network.name}' is not active`);
  return network;
}
