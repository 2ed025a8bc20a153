// Finding networks: lists with their filters, and single ones by name and UUID.
// SPDX-License-Identifier: Apache-2.0
import type { Bind } from '../session.js';
import { type FilterFlag, filtered, listed } from '../words/list-flags.js';
import { lookUpNetwork, type ShownNetwork, shownNetworks, toWireNetwork } from './shown.js';

/** virConnectListAllNetworksFlags. */
const filters: readonly (readonly FilterFlag<ShownNetwork>[])[] = [
  [
    [1, ({ active }) => !active],
    [2, ({ active }) => active],
  ],
  [
    [4, ({ persistent }) => persistent],
    [8, ({ persistent }) => !persistent],
  ],
  [
    [16, ({ autostart }) => autostart],
    [32, ({ autostart }) => !autostart],
  ],
];

/** Each call looks at the host anew. */
export const bindNetworkLookup: Bind = ({ engine }) => {
  const namesOf = async (isActive: boolean): Promise<string[]> =>
    (await shownNetworks(engine)).filter(({ active }) => active === isActive).map(({ name }) => name);

  return {
    async connectListAllNetworks({ needResults, flags }) {
      const { items, ret } = listed(filtered(await shownNetworks(engine), flags, filters), needResults);
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
    networkLookupByName: async ({ name }) => ({ net: toWireNetwork(await lookUpNetwork(engine, { name })) }),
    networkLookupByUuid: async ({ uuid }) => ({ net: toWireNetwork(await lookUpNetwork(engine, { uuid })) }),
  };
};
