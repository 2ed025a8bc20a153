// The document of a domain as that of another one beside it.
// SPDX-License-Identifier: Apache-2.0

import type { Domain, Interface } from '@ctvirt/xml';
import { commandFor } from '@ctvirt/xml';
import { scheduleOf } from '../schedule/schedule.js';
import { withInterfaces } from './edit.js';
import { withoutMadeName } from './made-names.js';

/**
 * Without what one domain alone can have. Identity that is left out is chosen when it is defined; addresses and ports of the host stay
 * with the other, which is told.
 */
export function asAnother(domain: Domain, remarks: string[]): Domain {
  const { uuid: _uuid, ...rest } = domain;
  const { name } = domain;
  const { snapshots, backups } = scheduleOf(domain);
  if (snapshots !== undefined)
    remarks.push(
      `it has snapshots as the other, ${snapshots.when}: \`${commandFor('set', [name], '--snapshots never')}\` ends that`,
    );
  if (backups !== undefined)
    remarks.push(
      `it has backups at its own times, as the other: \`${commandFor('backup', [name], '--schedule host')}\` ends that`,
    );
  const { interfaces } = domain.devices;
  if (interfaces === undefined) return rest;
  const links = interfaces.map((one): Interface => {
    const { mac: _mac, ...link } = withoutMadeName(one);
    const { ips, routes, portForwards, ...others } = link;
    for (const { address } of ips ?? [])
      remarks.push(
        `it has not the address ${address}, which is the other's: \`${commandFor('set', [name], '--ipadd ADDRESS')}\` gives it one of its own`,
      );
    if (portForwards !== undefined) remarks.push('no ports of the host lead to it');
    // Routes lead by gateways that only these addresses reach.
    return ips === undefined ? { ...others, ...(routes !== undefined && { routes }) } : others;
  });
  return withInterfaces(rest, links);
}
