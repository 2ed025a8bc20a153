// Which domains of all are meant, and in which order.
// SPDX-License-Identifier: Apache-2.0

import type { DomainSummary } from '@ctvirt/api/browser';
import { diskOf, type Row } from './domains.js';
import { byText } from './order.js';

/** Whether a domain is called so, or has such a title, address or template; `wanted` in lower case. */
export const isFound = (
  { name, title, hostname, addresses, template, uuid, ctid }: DomainSummary,
  wanted: string,
): boolean =>
  [name, title, hostname, template, uuid, ctid === null ? null : String(ctid), ...addresses].some(
    (text) => text?.toLowerCase().includes(wanted) === true,
  );

/** What the bar's query says of the list. */
export interface Filter {
  readonly search: string;
  readonly state: string;
  readonly profile: string;
  readonly promise: string;
}

/** Whether one of the promises to it was broken. */
export const isBroken = ({ verdicts: { value } }: Row): boolean =>
  value?.cpu === 'broken' || value?.memory === 'broken';

const isAtWall = ({ refused }: Row): boolean => (refused.value?.total ?? 0) > 0;

const isCrashed = ({ is }: Row): boolean =>
  is.value.state === 'shutoff' && (is.value.reason === 'crashed' || is.value.reason === 'failed');

/** How each of these words of a filter is told. */
export const kinds = { broken: isBroken, wall: isAtWall, crashed: isCrashed };

/** Those that a filter leaves. */
export function left(all: readonly Row[], { search, state, profile, promise }: Filter): readonly Row[] {
  const wanted = search.trim().toLowerCase();
  return all.filter((row) => {
    const { value } = row.is;
    if (wanted !== '' && !isFound(value, wanted)) return false;
    if (state === 'crashed' ? !isCrashed(row) : state !== '' && value.state !== state) return false;
    if (profile !== '' && value.profile !== profile) return false;
    if (promise === 'broken' && !isBroken(row)) return false;
    return promise !== 'wall' || isAtWall(row);
  });
}

const measures: Readonly<Record<string, (row: Row) => number | string>> = {
  name: ({ is }) => is.value.name,
  state: ({ is }) => is.value.state,
  cpu: ({ use }) => use.value?.cpu ?? -1,
  memory: ({ use }) => use.value?.memory ?? -1,
  disk: (row) => diskOf(row).usedBytes ?? -1,
  walls: ({ refused }) => refused.value?.total ?? 0,
};

/** In the order of a column: `-cpu` has the largest first. */
export function ordered(all: readonly Row[], sort: string): readonly Row[] {
  const measure = measures[sort.replace(/^-/, '')];
  if (measure === undefined || sort === 'name') return all;
  const sign = sort.startsWith('-') ? -1 : 1;
  const measured = all.map((row) => ({ row, by: measure(row) }));
  measured.sort((a, b) => {
    if (typeof a.by === 'number' && typeof b.by === 'number') return sign * (a.by - b.by);
    return sign * byText(String(a.by), String(b.by));
  });
  return measured.map(({ row }) => row);
}
