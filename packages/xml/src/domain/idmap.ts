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

/** `count` ids from `start` on in the container are those from `target` on at the host. */
export interface IdRange {
  readonly start: number;
  readonly target: number;
  readonly count: number;
}

/** By a range's index, that of an earlier one with which it shares an id; if any overlap, one is found at least. */
function overlaps(ranges: readonly IdRange[], side: 'start' | 'target'): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const spans = ranges.map((range, index) => ({ index, from: range[side], end: range[side] + range.count }));
  spans.sort((a, b) => a.from - b.from || a.index - b.index);
  let widest: (typeof spans)[number] | undefined;
  for (const span of spans) {
    if (widest !== undefined && span.from < widest.end)
      found.set(Math.max(span.index, widest.index), Math.min(span.index, widest.index));
    if (widest === undefined || span.end > widest.end) widest = span;
  }
  return found;
}

function checkRanges(report: Report, key: 'uids' | 'gids', ranges: readonly IdRange[]): void {
  const sides = (['start', 'target'] as const).map((side) => [side, overlaps(ranges, side)] as const);
  ranges.forEach((range, index) => {
    for (const [side, others] of sides) {
      const last = range[side] + range.count - 1;
      if (last > 0xffff_fffe)
        report.error('out-of-range', [key, index, 'count'], `the range ends at ${last}, beyond the last id`);
      const other = others.get(index);
      if (other !== undefined)
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

/** Ranges that overlap, or end beyond the last id, are errors. */
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

/** The ranges of users and those of groups. */
export type Idmap = Infer<typeof idmap>;
