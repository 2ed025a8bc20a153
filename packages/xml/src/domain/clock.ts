// <clock>: what time it is inside the domain.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element, many, slot, variants } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { count, nonEmptyText, oneOf, signedCount, yesNo } from '../schema/scalar.js';

const timer = element('timer', {
  doc: 'One of the timers of a full machine.',
  fields: {
    name: attribute(oneOf('platform', 'hpet', 'kvmclock', 'pit', 'rtc', 'tsc', 'hypervclock', 'armvtimer'), {
      doc: 'The timer.',
      required: true,
    }),
    present: attribute(yesNo, { doc: 'Whether it is there.' }),
    tickpolicy: attribute(oneOf('delay', 'catchup', 'merge', 'discard'), {
      doc: 'What happens to missed ticks.',
    }),
    track: attribute(oneOf('boot', 'guest', 'wall', 'realtime'), { doc: 'What it follows.' }),
    frequency: attribute(count, { doc: 'Hertz.' }),
    mode: attribute(oneOf('auto', 'native', 'emulate', 'paravirt', 'smpsafe'), {
      doc: 'How it is provided.',
    }),
  },
});

/** Its `offset` says which other fields it has; only full machines have a clock of their own. */
export const clock = variants(
  'clock',
  {
    doc: 'The clock of the domain. Containers share that of the host.',
    example: "<clock offset='utc'/>",
    fields: { offset: slot, timers: many(timer) },
    choice: {
      by: 'offset',
      doc: 'What the clock follows.',
      fallback: 'utc',
      variants: {
        utc: { doc: 'UTC.', fields: { adjustment: attribute(nonEmptyText, { doc: 'Seconds, or reset.' }) } },
        localtime: {
          doc: "The host's time zone.",
          fields: { adjustment: attribute(nonEmptyText, { doc: 'Seconds, or reset.' }) },
        },
        timezone: {
          doc: 'A time zone by name.',
          fields: { timezone: attribute(nonEmptyText, { doc: 'Its name.', required: true }) },
        },
        variable: {
          doc: 'A distance that the guest may change.',
          fields: {
            adjustment: attribute(signedCount, { doc: 'Seconds.' }),
            basis: attribute(oneOf('utc', 'localtime'), { doc: 'What it is a distance to.' }),
          },
        },
        absolute: {
          doc: 'A fixed time at each start.',
          fields: { start: attribute(count, { doc: 'Seconds since 1970.', required: true }) },
        },
      },
    },
  },
  {
    /** A distance to a clock that is fixed otherwise. */
    libvirt(model) {
      const { timers } = model;
      if (model.offset === 'variable')
        return { ...model, adjustment: model.adjustment ?? 0, basis: model.basis ?? 'utc' };
      if (model.offset !== 'utc' && model.offset !== 'localtime') return model;
      const seconds = Number(model.adjustment ?? Number.NaN);
      return Number.isSafeInteger(seconds)
        ? { offset: 'variable', timers, adjustment: seconds, basis: model.offset }
        : model;
    },
  },
);

/** A clock by its `offset`; adjustments are in seconds. */
export type Clock = Infer<typeof clock>;
