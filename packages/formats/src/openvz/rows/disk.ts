// Disk keys: first-level space and inodes of the root, I/O weight and rates.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Filesystem, Quota } from '@ctvirt/xml';
import { parameterValue, withValue } from '../../beancounters.js';
import { rootOf, withRoot } from '../../edit.js';
import { isExact, tooMuch } from '../../numbers.js';
import { approximated, carried, ignored, type Outcome } from '../../outcome.js';
import { inGroup, ownWord, type ReadContext } from '../parameter.js';
import { type DiskLimit, formatDisk, isNoLimit, parseDisk, parseUlong } from '../values.js';
import { omit } from '../without.js';

type InodeQuota = Extract<Quota, { type: 'inodes' }>;

/** The inode limit of the whole container: the quota that names no user or group. */
export function inodeQuotaOf(root: Filesystem | undefined): InodeQuota | undefined {
  return root?.quotas?.find(
    (quota): quota is InodeQuota =>
      quota.type === 'inodes' && quota.uid === undefined && quota.gid === undefined,
  );
}

const noRoot = ignored('the domain has no root file system');

/** What is no limit, or beyond what a document holds: kept as it is, and written back so. */
function unheld(domain: Domain, key: string, value: string, limit: DiskLimit): Outcome {
  const kept = withValue(domain, key, value);
  return isNoLimit(limit)
    ? carried(kept, `parameter ${key.toLowerCase()}: no limit`)
    : approximated(kept, `parameter ${key.toLowerCase()}, without limit: ${tooMuch}`);
}

const mostHeld = BigInt(Number.MAX_SAFE_INTEGER);
const lesser = (one: bigint, other: bigint): bigint => (one < other ? one : other);

/** The limits as a document holds them; undefined for larger ones, but for who asks for a limit: that is the largest then. */
function heldOf(
  limit: DiskLimit,
  scale: bigint,
  isAsked: true | undefined,
): { readonly soft: number; readonly hard: number } | undefined {
  const { soft, hard } = limit;
  if (isNoLimit(limit) || (!isExact(hard * scale) && isAsked !== true)) return undefined;
  const most = lesser(hard * scale, mostHeld);
  return { soft: Number(lesser(soft * scale, most)), hard: Number(most) };
}

const within = ({ soft, hard }: DiskLimit, domain: Domain, how: string): Outcome =>
  soft > hard ? approximated(domain, `${how}, the soft one lowered to the hard one`) : carried(domain, how);

/** Why a limit of the root is not read: there is no root, no quota, or the document has its own word; undefined where it is. */
function unreadLimit(
  domain: Domain,
  key: string,
  values: ReadContext['values'],
  isSaid: (root: Filesystem) => boolean,
): Outcome | undefined {
  const root = rootOf(domain);
  if (root === undefined) return noRoot;
  if (values.get('DISK_QUOTA') === 'no') return ignored('DISK_QUOTA is off');
  return isSaid(root) || parameterValue(domain, key) !== undefined ? ownWord : undefined;
}

/**
 * OpenVZ 7's own shares of its eight priorities, on the scale of today's kernels: its 500 for priority 4, which every
 * container has that says nothing, is their 100.
 */
const ioWeights = [64, 73, 82, 92, 100, 110, 120, 128] as const;

const throttled =
  'reads and writes each, on each disk below the root; on cgroup v1 only what waits for the disk, not what is written back later';

/** In the order of a new file. */
export const diskRows = inGroup('disk', [
  {
    key: 'DISK_QUOTA',
    syntax: 'bool',
    duplicates: 'first',
    meaning: 'disk quota on or off',
    counts: true,
  },
  {
    key: 'DISKSPACE',
    syntax: 'disk',
    unit: 'KiB',
    duplicates: 'first',
    meaning: 'disk space, soft:hard; 0 or unlimited is none',
    status: 'enforced',
    how: "the size of an image of its own, less what is kept back of it, or a project of the host's quotas; the soft limit likewise, when its grace is over",
    read(domain, value, { values, isAsked }) {
      const limit = parseDisk(value, 'KiB');
      const isSaid = ({ spaceHardLimitBytes: hard, spaceSoftLimitBytes: soft }: Filesystem): boolean =>
        hard !== undefined || soft !== undefined;
      const refused = unreadLimit(domain, 'DISKSPACE', values, isSaid);
      if (refused !== undefined || limit === undefined) return refused ?? noRoot;
      const held = heldOf(limit, 1024n, isAsked);
      if (held === undefined) return unheld(domain, 'DISKSPACE', value, limit);
      const space = { spaceSoftLimitBytes: held.soft, spaceHardLimitBytes: held.hard };
      return within(
        limit,
        withRoot(domain, (one) => ({ ...one, ...space })),
        'space_soft_limit and space_hard_limit of the root',
      );
    },
    write(domain) {
      const { spaceHardLimitBytes: hard, spaceSoftLimitBytes: soft } = rootOf(domain) ?? {};
      const most = hard ?? soft;
      if (most === undefined) return parameterValue(domain, 'DISKSPACE');
      const kib = (bytes: number): bigint => BigInt(Math.ceil(bytes / 1024));
      return formatDisk({ soft: kib(soft ?? most), hard: kib(most) });
    },
    forget: (domain) =>
      withRoot(domain, ({ spaceHardLimitBytes: _hard, spaceSoftLimitBytes: _soft, ...root }) => root),
  },
  {
    key: 'DISKINODES',
    syntax: 'disk',
    unit: 'inodes',
    duplicates: 'first',
    meaning: 'inodes, soft:hard; 0 or unlimited is none',
    status: 'enforced',
    how: 'the inodes of the image, which gets more of them when it grows; above the soft limit ctvirt quota says so',
    read(domain, value, { values, isAsked }) {
      const limit = parseDisk(value, 'inodes');
      const isSaid = (root: Filesystem): boolean => inodeQuotaOf(root) !== undefined;
      const refused = unreadLimit(domain, 'DISKINODES', values, isSaid);
      if (refused !== undefined || limit === undefined) return refused ?? noRoot;
      const held = heldOf(limit, 1n, isAsked);
      if (held === undefined) return unheld(domain, 'DISKINODES', value, limit);
      const quota: InodeQuota = { type: 'inodes', max: held.hard, soft: held.soft };
      return within(
        limit,
        withRoot(domain, (one) => ({ ...one, quotas: [...(one.quotas ?? []), quota] })),
        'quota of inodes of the root',
      );
    },
    write(domain) {
      const quota = inodeQuotaOf(rootOf(domain));
      if (quota === undefined) return parameterValue(domain, 'DISKINODES');
      return formatDisk({ soft: BigInt(quota.soft ?? quota.max), hard: BigInt(quota.max) });
    },
    forget(domain) {
      const quota = inodeQuotaOf(rootOf(domain));
      return withRoot(domain, (root) =>
        quota === undefined ? root : { ...root, quotas: (root.quotas ?? []).filter((one) => one !== quota) },
      );
    },
  },
  {
    key: 'QUOTATIME',
    syntax: 'ulong',
    unit: 'seconds',
    duplicates: 'first',
    meaning: 'how long the soft limit may be exceeded',
    status: 'approximated',
    how: 'for space, and looked at every minute: then no more can be written above the soft limit',
  },
  {
    key: 'QUOTAUGIDLIMIT',
    syntax: 'ulong',
    unit: 'count',
    duplicates: 'first',
    meaning: 'users and groups that second-level quota keeps count of; 0 is off',
    status: 'recorded',
    how: 'the kernel sets no bound to the number of quota owners: ctvirt quota limits each of them',
  },
  {
    key: 'IOPRIO',
    syntax: 'ulong',
    unit: 'count',
    meaning: 'I/O weight, 0 to 7, higher gets more',
    status: 'approximated',
    how: 'a weight among the containers, on disks with the I/O scheduler bfq, or io.cost on cgroup v2',
    needs: 'a disk with weights',
    read(domain, value) {
      const weight = ioWeights[Number(parseUlong(value) ?? 8n)];
      if (domain.blkiotune?.weight !== undefined) return ownWord;
      if (weight === undefined) return ignored('IOPRIO is 0 to 7');
      return carried(
        { ...domain, blkiotune: { ...domain.blkiotune, weight } },
        `weight ${weight} in blkiotune`,
      );
    },
    write(domain) {
      const weight = domain.blkiotune?.weight;
      if (weight === undefined) return undefined;
      const distances = ioWeights.map((each) => Math.abs(each - weight));
      return String(distances.indexOf(Math.min(...distances)));
    },
    forget: (domain) =>
      domain.blkiotune === undefined ? domain : { ...domain, blkiotune: omit(domain.blkiotune, ['weight']) },
  },
  {
    key: 'IOLIMIT',
    syntax: 'rate',
    unit: 'bytes/s',
    meaning: 'read and write bandwidth together; 0 is none',
    status: 'approximated',
    how: throttled,
    needs: 'a disk',
  },
  {
    key: 'IOPSLIMIT',
    syntax: 'rate',
    unit: '1/s',
    meaning: 'I/O operations; 0 is none',
    status: 'approximated',
    how: throttled,
    needs: 'a disk',
  },
  { key: 'MOUNT_OPTS', syntax: 'word', duplicates: 'first', meaning: 'mount options of a ploop root' },
]);
