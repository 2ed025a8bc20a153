// The port groups of a network beside each other, and where VLANs can be.
// SPDX-License-Identifier: Apache-2.0
import type { Bandwidth } from '../domain/bandwidth.js';
import type { Virtualport } from '../domain/virtualport.js';
import type { Vlan } from '../domain/vlan.js';
import type { Report } from '../schema/report.js';
import type { Forward } from './forward.js';
import { checkRates, hasBandwidth, modeOf } from './mode.js';
import type { Portgroup } from './portgroup.js';

/** What of a network is asked here; a `Network` has it. */
interface Grouped {
  readonly forward?: Forward | undefined;
  readonly bridge?: { readonly name?: string | undefined } | undefined;
  readonly vlan?: Vlan | undefined;
  readonly virtualport?: Virtualport | undefined;
  readonly bandwidth?: Bandwidth | undefined;
  readonly portgroups?: readonly Portgroup[] | undefined;
}

/** Names are told apart, one group is the default, and tags and limits are where something puts them on. */
export function checkPortgroups(network: Grouped, report: Report): void {
  const { portgroups = [] } = network;
  const mode = modeOf(network);
  const names = new Set<string>();
  let standard: string | undefined;
  for (const [index, group] of portgroups.entries()) {
    const { name } = group;
    if (names.has(name))
      report.error(
        'taken-twice',
        ['portgroups', index, 'name'],
        `the port group '${name}' stands a second time`,
        {
          found: name,
        },
      );
    names.add(name);
    if (group.default === true && standard !== undefined)
      report.error(
        'conflict',
        ['portgroups', index, 'default'],
        `the port group '${standard}' is the default`,
        {
          found: name,
        },
      );
    if (group.default === true) standard ??= name;
    if (group.bandwidth !== undefined && !hasBandwidth(network))
      report.error(
        'conflict',
        ['portgroups', index, 'bandwidth'],
        `the traffic of a network of mode '${mode}' passes no bridge`,
        { found: mode },
      );
    checkRates(group.bandwidth, ['portgroups', index, 'bandwidth'], report);
  }
  checkVlans(network, standard !== undefined, report);
}

const noTags = 'nothing puts VLAN tags on in a network of this mode and kind of switch';

/** Tags are put on by Open vSwitch, by a bridge that the host has, and by a card that is handed over. */
function checkVlans(network: Grouped, hasDefault: boolean, report: Report): void {
  const { vlan, virtualport, portgroups = [] } = network;
  const mode = modeOf(network);
  const puts = (port: Virtualport | undefined): boolean =>
    mode === 'bridge' && (port === undefined || port.type === 'openvswitch');
  const byNetwork = mode === 'hostdev' || mode === 'passthrough' || puts(virtualport);
  let isRefused = false;
  for (const [index, group] of portgroups.entries()) {
    if (vlan === undefined && group.vlan === undefined) continue;
    const isPut =
      group.virtualport === undefined ? byNetwork : mode === 'bridge' && isOpen(group, virtualport);
    if (isPut) continue;
    isRefused = true;
    report.error('conflict', group.vlan === undefined ? ['vlan'] : ['portgroups', index, 'vlan'], noTags, {
      found: mode,
    });
  }
  if (vlan !== undefined && !byNetwork && !hasDefault && !isRefused)
    report.error('conflict', ['vlan'], noTags, { found: mode });
}

/** A group's parameters without a type are those of the network's kind of switch. */
const isOpen = (group: Portgroup, common: Virtualport | undefined): boolean =>
  (group.virtualport?.type ?? common?.type) === 'openvswitch';
