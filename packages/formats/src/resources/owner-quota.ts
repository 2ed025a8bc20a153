// Limits of one user or group of a container on its root: OpenVZ's second level, set in the spelling of the first.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Quota } from '@ctvirt/xml';
import { rootOf, withRoot } from '../edit.js';
import { FormatError } from '../errors.js';
import { askedDisk, isNoLimit, parseDisk } from '../openvz/values.js';

/** Whose limits are set, and to what; what is left out stays as it is. */
export interface OwnerValues {
  readonly kind: 'user' | 'group';
  /** Its number in the container. */
  readonly id: number;
  /** As DISKSPACE and DISKINODES are set: `soft:hard` or one number, with suffixes; 0 and `unlimited` lift the limit. */
  readonly space?: string | undefined;
  readonly inodes?: string | undefined;
}

/** Whether they limit anything, or lift limits alone. */
export const isLimiting = ({ space, inodes }: OwnerValues): boolean =>
  [space, inodes].some((text) => {
    const limit = text === undefined ? undefined : parseDisk(askedDisk(text), 'inodes');
    return limit !== undefined && !isNoLimit(limit);
  });

/** The domain with these limits; throws FormatError `invalid` for a value that cannot be. */
export function setOwnerQuota(domain: Domain, { kind, id, space, inodes }: OwnerValues): Domain {
  if (rootOf(domain) === undefined) throw new FormatError('invalid', 'the domain has no root file system');
  const owner = kind === 'user' ? { uid: id } : { gid: id };
  const given: readonly (readonly [Quota['type'], string | undefined])[] = [
    ['size', space],
    ['inodes', inodes],
  ];
  return given.reduce((before, [type, text]) => {
    if (text === undefined) return before;
    const made = quotaOf(type, owner, text);
    return withRoot(before, (root) => {
      const others = (root.quotas ?? []).filter(
        (quota) => quota.type !== type || quota.uid !== owner.uid || quota.gid !== owner.gid,
      );
      return { ...root, quotas: made === undefined ? others : [...others, made] };
    });
  }, domain);
}

function quotaOf(
  type: Quota['type'],
  owner: { uid?: number; gid?: number },
  text: string,
): Quota | undefined {
  const limit = parseDisk(askedDisk(text), type === 'size' ? 'KiB' : 'inodes');
  const refuse = (why: string): never => {
    throw new FormatError('invalid', `${type === 'size' ? 'space' : 'inodes'} cannot be '${text}': ${why}`);
  };
  if (limit !== undefined && isNoLimit(limit)) return undefined;
  if (limit === undefined || limit.hard > BigInt(Number.MAX_SAFE_INTEGER) / 1024n)
    return refuse('expected soft:hard or one number, with a suffix T, G, M or K, or "unlimited"');
  if (limit.soft > limit.hard) return refuse('the soft limit is above the hard limit');
  const [soft, hard] = [Number(limit.soft), Number(limit.hard)];
  const isSoft = soft < hard;
  return type === 'size'
    ? { type, ...owner, maxBytes: hard * 1024, ...(isSoft && { softBytes: soft * 1024 }) }
    : { type, ...owner, max: hard, ...(isSoft && { soft }) };
}
