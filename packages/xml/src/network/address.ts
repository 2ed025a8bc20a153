// What addresses of a network have beside them: their family, and where a run of them starts and ends.
// SPDX-License-Identifier: Apache-2.0
import type { Fields } from '../schema/declaration.js';
import { attribute } from '../schema/element.js';
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
