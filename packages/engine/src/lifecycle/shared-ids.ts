// What a domain's own id map shares with the host or with others there: said at define and at start, because it may be meant.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { IdMap, IdMapEntry } from '../host/userns.js';

/** Ids below are for accounts of the host itself. */
const FIRST_SUBORDINATE = 65_536;

/** A range of an id map that is in use elsewhere. */
export interface SharedId {
  readonly kind: keyof IdMap;
  /** Which range of that kind. */
  readonly index: number;
  readonly message: string;
}

/** Whose subordinate ids an id is, and whether a domain has leased it. */
export interface OtherIds {
  readonly subordinate: (kind: keyof IdMap) => string;
  readonly leased?: (start: number, count: number) => boolean;
}

const hostIds: OtherIds = {
  subordinate: (kind) => {
    try {
      return readFileSync(`/etc/sub${kind}`, 'utf8');
    } catch {
      return ''; // A host without the file hands out none.
    }
  },
};

/** One remark at most for each range: what is worst. */
export function sharedIds(map: IdMap, others: Partial<OtherIds> = {}): SharedId[] {
  const { subordinate, leased } = { ...hostIds, ...others };
  return (['uid', 'gid'] as const).flatMap((kind) =>
    map[kind].flatMap((range, index) => {
      const message = remarkOn(kind, range, { subordinate, ...(leased && { leased }) });
      return message === undefined ? [] : [{ kind, index, message }];
    }),
  );
}

function remarkOn(
  kind: keyof IdMap,
  range: IdMapEntry,
  { subordinate, leased }: OtherIds,
): string | undefined {
  const { inside, outside, count } = range;
  const who = kind === 'uid' ? 'user' : 'group';
  const ids = `${outside}-${outside + count - 1}`;
  if (outside === 0)
    return `${who} ${inside} of the container is root's ${who} on the host: whatever of the host it reaches, it may change; map ids from ${FIRST_SUBORDINATE} on, or leave <idmap> out`;
  if (outside < FIRST_SUBORDINATE)
    return `${who}s ${ids} are accounts of the host: what the container's may do, those may do to it and it to theirs; map ids from ${FIRST_SUBORDINATE} on, or leave <idmap> out`;
  if (leased?.(outside, count) === true)
    return `${who}s ${ids} are those of another domain as well: each may change the other's files; leave <idmap> out for a range of its own`;
  const owner = ownerOf(subordinate(kind), range);
  return owner === undefined
    ? undefined
    : `${who}s ${ids} are subordinate ids of '${owner}' (/etc/sub${kind}), whose programs may take them as well; leave <idmap> out for a range of its own`;
}

function ownerOf(text: string, { outside, count }: IdMapEntry): string | undefined {
  for (const line of text.split('\n')) {
    const [owner, first, many] = line.split(':');
    if (Number(first) < outside + count && outside < Number(first) + Number(many)) return owner;
  }
  return undefined;
}
