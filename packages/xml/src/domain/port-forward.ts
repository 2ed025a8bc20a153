// <portForward>: ports of the host at which the container answers.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { deviceName, integer, ipAddress, oneOf, yesNo } from '../schema/scalar.js';
import { checkAddresses } from './ip.js';

const LAST_PORT = 65_535;
const portNumber = integer(1, LAST_PORT);

const range = element(
  'range',
  {
    doc: 'Ports, from the first to the last.',
    since: '9.0.0',
    example: "<range start='8000' end='8010' to='80'/>",
    fields: {
      start: attribute(portNumber, { doc: 'The first, or the only one.', required: true }),
      end: attribute(portNumber, { doc: 'The last.' }),
      to: attribute(portNumber, {
        doc: "The container's port for the first, and so on; the same as the host's where nothing is said.",
      }),
      exclude: attribute(yesNo, { doc: 'Whether these are left out of what the other ranges have.' }),
    },
  },
  {
    check({ start, end = start, to = start, exclude }, report) {
      if (end < start)
        report.error('conflict', ['end'], `a range from ${start} does not end at ${end}`, {
          found: String(end),
          expected: `${start} to ${LAST_PORT}`,
        });
      else if (to + end - start > LAST_PORT)
        report.error('conflict', ['to'], `${end - start + 1} ports from ${to} on go beyond ${LAST_PORT}`, {
          found: String(to),
          expected: `1 to ${LAST_PORT - (end - start)}`,
        });
      if (exclude === true && to !== start)
        report.error('conflict', ['to'], 'ports that are left out lead nowhere', { found: String(to) });
    },
  },
);

/** libvirt has it of passt alone. */
export const portForward = element(
  'portForward',
  {
    doc: 'Ports of the host at which the container answers, on a network that translates or routes: for others, for neighbours, and for the host itself by any address but 127.0.0.1 and ::1. Without a range, all ports of the address.',
    since: '9.0.0',
    example: "<portForward proto='tcp'>\n  <range start='2222' to='22'/>\n</portForward>",
    fields: {
      proto: attribute(oneOf('tcp', 'udp'), { doc: 'The protocol.', required: true }),
      address: attribute(ipAddress, { doc: "The host's address; all that it has where nothing is said." }),
      dev: attribute(deviceName, {
        doc: 'The link of the host that it is asked by; any where nothing is said.',
      }),
      ranges: many(range),
    },
  },
  { check: (model, report) => checkAddresses(model, ['address'], report) },
);

/** Ports of the host, by protocol, address and link. */
export type PortForward = Infer<typeof portForward>;
