// The host's bridges as networks: what an interface of type network can name.
// SPDX-License-Identifier: Apache-2.0
import type { LinkAddresses } from '@ctvirt/engine';
import { formatDocument } from '@ctvirt/xml';
import type { Bind } from '../session.js';
import { type FilterFlag, filtered, listed } from '../words/list-flags.js';
import { namedUuid } from '../words/named-uuid.js';
import { refusal } from '../words/refusal.js';

const always = (): boolean => true;
const never = (): boolean => false;

/** virConnectListAllNetworksFlags. */
const filters: readonly (readonly FilterFlag<LinkAddresses>[])[] = [
  [
    [1, ({ up }) => !up],
    [2, ({ up }) => up],
  ],
  [
    [4, always],
    [8, never],
  ],
  [
    [16, always],
    [32, never],
  ],
];

const uuidOf = ({ name }: LinkAddresses): string => namedUuid('network', name);
const toWireNetwork = (bridge: LinkAddresses) => ({ name: bridge.name, uuid: uuidOf(bridge) });

const networkXml = (bridge: LinkAddresses): string =>
  formatDocument('network', {
    name: bridge.name,
    uuid: uuidOf(bridge),
    forward: { mode: 'bridge' },
    bridge: { name: bridge.name },
    ...(bridge.mac !== null && { mac: { address: bridge.mac } }),
  });

/** A bridge that is up is an active network, one that is down an inactive one; each call looks at the host anew. */
export const bindNetworks: Bind = ({ engine }) => {
  const bridges = async (): Promise<LinkAddresses[]> =>
    (await engine.links()).filter(({ kind }) => kind === 'bridge').sort((a, b) => (a.name < b.name ? -1 : 1));
  const find = async (isIt: (bridge: LinkAddresses) => boolean, what: string): Promise<LinkAddresses> => {
    const found = (await bridges()).find(isIt);
    if (found === undefined) throw refusal('noNetwork', 'network', `no network with matching ${what}`);
    return found;
  };
  const bridgeOf = ({ uuid }: { uuid: string }): Promise<LinkAddresses> =>
    find((bridge) => uuidOf(bridge) === uuid, `uuid '${uuid}'`);
  const namesOf = async (isUp: boolean): Promise<string[]> =>
    (await bridges()).filter(({ up }) => up === isUp).map(({ name }) => name);

  return {
    async connectListAllNetworks({ needResults, flags }) {
      const { items, ret } = listed(filtered(await bridges(), flags, filters), needResults);
      return { nets: items.map(toWireNetwork), ret };
    },
    connectNumOfNetworks: async () => ({ num: (await namesOf(true)).length }),
    connectListNetworks: async ({ maxnames }) => ({
      names: (await namesOf(true)).slice(0, Math.max(0, maxnames)),
    }),
    connectNumOfDefinedNetworks: async () => ({ num: (await namesOf(false)).length }),
    connectListDefinedNetworks: async ({ maxnames }) => ({
      names: (await namesOf(false)).slice(0, Math.max(0, maxnames)),
    }),
    async networkLookupByName({ name }) {
      return { net: toWireNetwork(await find((bridge) => bridge.name === name, `name '${name}'`)) };
    },
    async networkLookupByUuid({ uuid }) {
      return { net: toWireNetwork(await bridgeOf({ uuid })) };
    },
    networkGetXmlDesc: async ({ net }) => ({ xml: networkXml(await bridgeOf(net)) }),
    networkGetBridgeName: async ({ net }) => ({ name: (await bridgeOf(net)).name }),
    networkIsActive: async ({ net }) => ({ active: (await bridgeOf(net)).up ? 1 : 0 }),
    async networkIsPersistent({ net }) {
      await bridgeOf(net);
      return { persistent: 1 };
    },
    async networkGetAutostart({ net }) {
      await bridgeOf(net);
      return { autostart: 1 };
    },
    async networkGetDhcpLeases({ net }) {
      await bridgeOf(net);
      return { leases: [], ret: 0 };
    },
  };
};
