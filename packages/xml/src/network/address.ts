// What addresses of a network have beside them: their family, and where a run of them starts and ends.
// SPDX-License-Identifier: Apache-2.0
import { familyOf } from '../address.js';
import type { Fields } from '../schema/declaration.js';
import { attribute } from '../schema/element.js';
import type { Report } from '../schema/report.js';
import { ipAddress, oneOf } from '../schema/scalar.js';

/** libvirt takes silence for IPv4, whatever the address looks like. */
export const statedFamily = attribute(oneOf('ipv4', 'ipv6'), {
  doc: 'Its family: ipv4 when absent, so that an IPv6 address needs it.',
});

/** Both are in it. */
export const firstAndLast = {
  start: attribute(ipAddress, { doc: 'The first.', required: true }),
  end: attribute(ipAddress, { doc: 'The last.', required: true }),
} satisfies Fields;

/** Those of the keys that are said are addresses of any family. */
export function checkAddresses<K extends string>(
  model: { readonly [key in K]?: string | undefined },
  keys: readonly K[],
  report: Report,
): void {
  for (const key of keys) {
    const address = model[key];
    if (address !== undefined && familyOf(address) === undefined)
      report.error('bad-address', [key], `'${address}' is not an IP address`, {
        found: address,
        expected: 'an IPv4 or IPv6 address',
      });
  }
}
