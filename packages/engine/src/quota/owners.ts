// Second-level quotas: limits of users and groups of a container, kept by the host's quotas on the ids they have there.
// SPDX-License-Identifier: Apache-2.0
import { HostQuotas, type OwnerKind, type QuotaEntry } from '../host/quota.js';
import type { IdMap } from '../host/userns.js';
import type { Keeping, OwnerLimit } from '../storage/index.js';

const kinds = ['user', 'group'] as const;
const words: Readonly<Record<OwnerKind, string>> = { user: 'usrquota', group: 'grpquota' };

/** Why limits of such owners would refuse nothing; undefined where they do. */
export function obstacleTo(
  wanted: readonly OwnerKind[],
  { counted, uncounted }: Keeping,
): string | undefined {
  if (counted === undefined)
    return (
      uncounted ?? 'what its users own is counted only in a folder of the host without a limit of its own'
    );
  using quotas = new HostQuotas(counted);
  const missing = kinds.filter((kind) => wanted.includes(kind) && !quotas.enforces(kind));
  if (missing.length === 0) return undefined;
  return `the file system of ${counted} does not enforce quotas of ${missing.join('s and ')}s: mount it with ${missing.map((kind) => words[kind]).join(',')} (and of ext4 \`tune2fs -O quota\` before), on a kernel that has CONFIG_QFMT_V2 or XFS_QUOTA`;
}

/** Makes these the limits of the container's users, and the only ones: numbers are used again, and what is not said is no limit. */
export function limitOwners(counted: string, map: IdMap, limits: readonly OwnerLimit[]): void {
  using quotas = new HostQuotas(counted);
  const none = { soft: undefined, hard: undefined };
  for (const kind of kinds.filter((each) => quotas.enforces(each))) {
    for (const { inside, outside, count } of rangesOf(map, kind)) {
      const wanted = new Map(
        limits
          .filter(({ kind: of, id }) => of === kind && id >= inside && id < inside + count)
          .map((limit) => [outside + limit.id - inside, limit]),
      );
      for (const { id, space, files } of quotas.entries(kind, outside, outside + count - 1))
        if (
          !wanted.has(id) &&
          [space.hard, space.soft, files.hard, files.soft].some((bound) => bound !== undefined)
        )
          quotas.set(kind, id, none, none);
      for (const [id, { bytes, inodes }] of wanted) quotas.set(kind, id, bytes, inodes);
    }
  }
}

/** Who owns something or has a limit, by the container's numbers. */
export function ownersIn(counted: string, map: IdMap): (QuotaEntry & { readonly kind: OwnerKind })[] {
  using quotas = new HostQuotas(counted);
  return kinds.flatMap((kind) =>
    !quotas.enforces(kind)
      ? []
      : rangesOf(map, kind).flatMap(({ inside, outside, count }) =>
          [...quotas.entries(kind, outside, outside + count - 1)]
            .filter(
              ({ bytes, inodes, space, files }) =>
                bytes + inodes > 0 || (space.hard ?? files.hard) !== undefined,
            )
            .map((entry) => ({ ...entry, id: entry.id - outside + inside })),
        ),
  );
}

const rangesOf = (map: IdMap, kind: OwnerKind): IdMap['uid'] => (kind === 'user' ? map.uid : map.gid);
