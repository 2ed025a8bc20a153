// <idmap>: how users and groups of a container are mapped to those of the host.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import type { Report } from '../schema/report.js';
import { positive32, uint32 } from '../schema/scalar.js';

const range = <const N extends 'uid' | 'gid'>(name: N, whose: string) =>
  element(name, {
    doc: `A range of ${whose}.`,
    example: `<${name} start='0' target='100000' count='65536'/>`,
    fields: {
      start: attribute(uint32, { doc: 'First id inside the container.', required: true }),
      target: attribute(uint32, { doc: 'First id on the host.', required: true }),
      count: attribute(positive32, { doc: 'How many ids.', required: true }),
    },
  });

export interface IdRange {
  readonly start: number;
  readonly target: number;
  readonly count: number;
}

function checkRanges(report: Report, key: 'uids' | 'gids', ranges: readonly IdRange[]): void {
  ranges.forEach((range, index) => {
    for (const side of ['start', 'target'] as const) {
      const last = range[side] + range.count - 1;
      if (last > 0xffff_fffe)
        report.error('out-of-range', [key, index, 'count'], `the range ends at ${last}, beyond the last id`);
      const other = ranges.findIndex(
        (earlier, at) => at < index && earlier[side] <= last && range[side] < earlier[side] + earlier.count,
      );
      if (other >= 0)
        report.error(
          'overlapping-idmap',
          [key, index, side],
          `the range overlaps range ${other + 1} ${side === 'start' ? 'in the container' : 'on the host'}`,
          {
            found: `${range[side]}-${last}`,
          },
        );
    }
  });
}

export const idmap = element(
  'idmap',
  {
    doc: 'Ids of the container mapped to ids of the host, by a user namespace.',
    emptyIsUnset: true,
    example:
      "<idmap>\n  <uid start='0' target='100000' count='65536'/>\n  <gid start='0' target='100000' count='65536'/>\n</idmap>",
    fields: { uids: many(range('uid', 'users')), gids: many(range('gid', 'groups')) },
  },
  {
    check(model, report) {
      checkRanges(report, 'uids', model.uids ?? []);
      checkRanges(report, 'gids', model.gids ?? []);
    },
  },
);

export type Idmap = Infer<typeof idmap>;
