// <bandwidth>: shaping of an interface's traffic.
// SPDX-License-Identifier: Apache-2.0
import type { Fields } from '../schema/declaration.js';
import { attribute, child, element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { count } from '../schema/scalar.js';

const rates = {
  average: attribute(count, { doc: 'Average rate, in kilobytes (1000 bytes) a second.', zeroIsUnset: true }),
  peak: attribute(count, { doc: 'Highest rate in a burst, in kilobytes a second.', zeroIsUnset: true }),
  floor: attribute(count, { doc: 'Guaranteed rate, in kilobytes a second.', zeroIsUnset: true }),
  burst: attribute(count, { doc: 'KiB (1024 bytes) that may pass at the peak rate.', zeroIsUnset: true }),
} satisfies Fields;

const rate = (name: string, doc: string) =>
  element(
    name,
    { doc, emptyIsUnset: true, fields: rates },
    {
      check(model, report) {
        const { average, peak, burst, floor } = model;
        if (average === undefined && floor === undefined)
          report.error('missing-attribute', [], `<${name}> needs the attribute 'average' or 'floor'`, {
            expected: "average='…', kilobytes a second",
          });
        if (average === undefined && (peak !== undefined || burst !== undefined))
          report.error(
            'conflict',
            [peak === undefined ? 'burst' : 'peak'],
            'a peak or burst needs an average',
          );
        if (floor !== undefined && name === 'outbound')
          report.error('conflict', ['floor'], 'a guaranteed rate is only for traffic towards the container');
      },
    },
  );

/** Rates are in kilobytes (1000 bytes) a second, bursts in KiB; libvirt takes 0 for unsaid. */
export const bandwidth = element('bandwidth', {
  doc: 'Limits on the traffic of the interface.',
  emptyIsUnset: true,
  example: "<bandwidth>\n  <inbound average='1000' peak='5000' burst='1024'/>\n</bandwidth>",
  fields: {
    inbound: child(rate('inbound', 'Traffic towards the container.')),
    outbound: child(rate('outbound', 'Traffic from the container.')),
  },
});

/** The limits of each direction as the container sees it: `inbound` and `outbound`. */
export type Bandwidth = Infer<typeof bandwidth>;
