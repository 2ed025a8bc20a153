// What the host holds of ours, each with its owner.
// SPDX-License-Identifier: Apache-2.0
import { list, nullable, object, oneOf, type Static, string } from '../schema.js';

/** Something of ours on the host. */
export const asset = object(
  {
    kind: oneOf(
      ['file', 'folder', 'mount', 'loop', 'link', 'cgroup', 'id-range', 'process', 'profile', 'table'],
      { description: 'What it is; a profile is one of AppArmor, a table one of nftables' },
    ),
    what: string({ description: 'Its path, name or numbers' }),
    owner: nullable(string({ description: 'Domain, template, network or `daemon`; null for a stray' })),
  },
  { title: 'Asset', description: 'Something of ours on the host' },
);
/** Something of ours on the host. */
export type Asset = Static<typeof asset>;

/** All that the host holds of ours. */
export const assetReport = object(
  {
    owned: list(asset, { description: 'What has an owner' }),
    stray: list(asset, { description: 'What has none: left by what was killed, or by hand' }),
    remarks: list(string(), {
      description:
        "What of ours does not work for the host's own doing, such as rules that drop what a network forwards",
    }),
  },
  { title: 'AssetReport', description: 'All that the host holds of ours' },
);
/** All that the host holds of ours. */
export type AssetReport = Static<typeof assetReport>;
