// What stands in a network's document and has no effect here: said at define, never in silence.
// SPDX-License-Identifier: Apache-2.0
import type { Finding, Network } from '@ctvirt/xml';
import { unkeptIn, unkeptInEach } from '../lifecycle/not-enforced.js';
import { type Row, remark } from '../lifecycle/remarks/remark.js';
import { hasOwnBridge } from './plan.js';

/** What a network of links that stand on the host's says of VLANs. */
const vlanOf = (network: Network, vlan: Network['vlan']) =>
  remark(
    network.bridge?.name === undefined ? vlan : undefined,
    '/vlan',
    "only ports of a bridge are in VLANs: a direct link is in one by standing on a VLAN of the host's card",
  );

const onNetwork: readonly Row<Network>[] = [
  (network) =>
    remark(
      hasOwnBridge(network) ? undefined : network.bandwidth,
      '/bandwidth',
      'what the host itself has is not limited as a whole: that of each interface is, by port groups',
    ),
  (network) => vlanOf(network, network.vlan),
  ({ virtualport }) => remark(virtualport, '/virtualport', 'a port of a bridge of the kernel is all it has'),
  ({ bridge }) =>
    remark(
      bridge?.stp === true && (bridge.delay ?? 0) === 0,
      '/bridge/@stp',
      "with no delay there is no spanning tree: the kernel's keeps each new link waiting for four seconds",
    ),
  ({ bridge }) => remark(bridge?.zone, '/bridge/@zone', 'firewalld is told nothing of it'),
  ({ bridge }) =>
    remark(
      bridge?.macTableManager === 'libvirt',
      '/bridge/@macTableManager',
      "the kernel fills the bridge's table by itself",
    ),
  ({ domain }) =>
    remark(domain?.register, '/domain/@register', "the host's resolver is not told of the domain"),
  ({ dnsmasqOptions }) =>
    remark(dnsmasqOptions, '/dnsmasq:options', 'lines of others for dnsmasq are not passed on'),
];

type Group = NonNullable<Network['portgroups']>[number];

const onPortgroup = (network: Network): readonly Row<Group>[] => [
  ({ vlan }) => vlanOf(network, vlan),
  ({ virtualport }) => remark(virtualport, '/virtualport', 'a port of a bridge of the kernel is all it has'),
];

/** One warning for each. */
export const unkeptOf = (network: Network): Finding[] => [
  ...unkeptIn(onNetwork, network, '/network'),
  ...unkeptInEach(onPortgroup(network), network.portgroups, '/network/portgroup'),
];
