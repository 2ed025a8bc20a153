// What passed the links of a domain, by days and in a month.
// SPDX-License-Identifier: Apache-2.0
import { boolean, list, object, type Static, string } from '../schema.js';

/** A number that may be beyond what JSON's are exact to. */
export const count = (description: string) =>
  string({
    pattern: '^[0-9]+$',
    description: `${description}; a decimal number as text, since JSON numbers are exact up to 2^53 only`,
  });

const passed = {
  inBytes: count('Bytes towards the container'),
  inPackets: count('Packets towards the container'),
  outBytes: count('Bytes from the container'),
  outPackets: count('Packets from the container'),
};

/** What passed on one day. */
export const trafficDay = object(
  { day: string({ description: 'In UTC, as 2026-11-29' }), ...passed },
  { title: 'TrafficDay', description: 'What passed the links of a domain on one day' },
);
/** What passed on one day. */
export type TrafficDay = Static<typeof trafficDay>;

/** What passed the links of a domain in a month. */
export const trafficReport = object(
  {
    name: string({ description: "The domain's name, or the last one it had" }),
    uuid: string({ description: "The domain's UUID, by which it is counted whatever it is called" }),
    defined: boolean({ description: 'Whether it is there still' }),
    month: string({ description: 'In UTC, as 2026-11' }),
    days: list(trafficDay, { description: 'Those on which anything passed, in order' }),
    total: object(passed, { title: 'TrafficTotal', description: 'Of all days of the month' }),
  },
  { title: 'TrafficReport', description: 'What passed the links of a domain in a month' },
);
/** What passed the links of a domain in a month. */
export type TrafficReport = Static<typeof trafficReport>;
