// The host's end of a link on a bridge: a port, which passes frames on and has no addresses.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, writeFileSync } from 'node:fs';
import type { LinkPlan } from './link-plan.js';

/**
 * The kernel would give it one of IPv6, with routes and groups, and announce them: whoever keeps track of the host's addresses, as each
 * dnsmasq does, looks at all of them again whenever a container starts or ends. A kernel without IPv6 has no such file.
 */
export function leaveWithoutAddresses({ kind, hostName }: Pick<LinkPlan, 'kind' | 'hostName'>): void {
  if (kind !== 'bridge' || hostName === undefined) return;
  const path = `/proc/sys/net/ipv6/conf/${hostName}/disable_ipv6`;
  if (existsSync(path)) writeFileSync(path, '1');
}
