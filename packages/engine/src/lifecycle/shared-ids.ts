// What a domain's ids share with the host or with others there: said at define and at start, because it may be meant.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { IdMap, IdMapEntry } from '../host/userns.js';
import type { HostIds, IdKind } from '../state/id-ranges.js';

/** Ids below are for accounts of the host itself. */
const FIRST_SUBORDINATE = 65_536;

/** A range of an id map that is in use elsewhere. */
export interface SharedId {
  readonly kind: keyof IdMap;
  /** Which range of that kind. */
  readonly index: number;
  readonly message: string;
}

/** Whose ids are compared with whose. */
export interface Compared {
  /** Whether the ids are a leased range, and no map of the document's own. */
  readonly isLeased: boolean;
  /** In words, who has any of these ids beside the domain itself; undefined if nobody has. */
  readonly sharers: (kind: IdKind, ids: HostIds) => string | undefined;
  /** Whose subordinate ids are which, as the host's file has it. */
  readonly subordinate?: (kind: IdKind) => string;
}

function subordinateIds(kind: IdKind): string {
  try {
    return readFileSync(`/etc/sub${kind}`, 'utf8');
  } catch {
    return ''; // A host without the file hands out none.
  }
}

/** One remark at most for each range: what is worst. */
export function sharedIds(map: IdMap, compared: Compared): SharedId[] {
  return (['uid', 'gid'] as const).flatMap((kind) =>
    map[kind].flatMap((range, index) => {
      const message = remarkOn(kind, range, compared);
      return message === undefined ? [] : [{ kind, index, message }];
    }),
  );
}

function remarkOn(
  kind: IdKind,
  range: IdMapEntry,
  { isLeased, sharers, subordinate = subordinateIds }: Compared,
): string | undefined {
  const { inside, outside, count } = range;
  const who = kind === 'uid' ? 'user' : 'group';
  const ids = `${outside}-${outside + count - 1}`;
  const other = sharers(kind, { first: outside, count });
  const those = `${who}s ${ids} are those of ${other} as well`;
  // Nobody is leased what somebody has: the other one's map names them.
  if (isLeased)
    return other && `${those}: each may change the other's files; take them out of that one's <idmap>`;
  if (outside === 0)
    return `${who} ${inside} of the container is root's ${who} on the host: whatever of the host it reaches, it may change; map ids from ${FIRST_SUBORDINATE} on, or leave <idmap> out`;
  if (outside < FIRST_SUBORDINATE)
    return `${who}s ${ids} are accounts of the host: what the container's may do, those may do to it and it to theirs; map ids from ${FIRST_SUBORDINATE} on, or leave <idmap> out`;
  if (other !== undefined)
    return `${those}: each may change the other's files; leave <idmap> out for a range of its own`;
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
