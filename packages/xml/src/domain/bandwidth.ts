// <bandwidth>: shaping of an interface's traffic.
// SPDX-License-Identifier: Apache-2.0
import type { Fields } from '../schema/declaration.js';
import { attribute, child, element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { count } from '../schema/scalar.js';

const rates = {
  average: attribute(count, { doc: 'Average rate, in KiB a second.' }),
  peak: attribute(count, { doc: 'Highest rate in a burst, in KiB a second.' }),
  floor: attribute(count, { doc: 'Guaranteed rate, in KiB a second.' }),
  burst: attribute(count, { doc: 'KiB that may pass at the peak rate.' }),
} satisfies Fields;

const rate = <const N extends string>(name: N, doc: string) => element(name, { doc, fields: rates });

export const bandwidth = element('bandwidth', {
  doc: 'Limits on the traffic of the interface.',
  example: "<bandwidth>\n  <inbound average='1000' peak='5000' burst='1024'/>\n</bandwidth>",
  fields: {
    inbound: child(rate('inbound', 'Traffic towards the container.')),
    outbound: child(rate('outbound', 'Traffic from the container.')),
  },
});

export type Bandwidth = Infer<typeof bandwidth>;
