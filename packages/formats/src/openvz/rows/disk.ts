// Disk keys: first-level space and inodes of the root, I/O weight.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Filesystem, Quota } from '@ctvirt/xml';
import { rootOf, withRoot } from '../../edit.js';
import { approximated, carried, ignored, type Outcome } from '../../outcome.js';
import { ownWord, type Row } from '../row.js';
import { type DiskLimit, formatDisk, parseDisk, parseUlong } from '../values.js';

type InodeQuota = Extract<Quota, { type: 'inodes' }>;

/** The inode limit of the whole container: the quota that names no user or group. */
export function inodeQuotaOf(root: Filesystem | undefined): InodeQuota | undefined {
  return root?.quotas?.find(
    (quota): quota is InodeQuota =>
      quota.type === 'inodes' && quota.uid === undefined && quota.gid === undefined,
  );
}

const noRoot = ignored('the domain has no root file system');
const safe = (value: bigint): number => Number(value > 2n ** 53n - 1n ? 2n ** 53n - 1n : value);

const within = ({ soft, hard }: DiskLimit, domain: Domain, how: string): Outcome =>
  soft > hard ? approximated(domain, `${how}, the soft one lowered to the hard one`) : carried(domain, how);

const diskspace: Row = {
  key: 'DISKSPACE',
  read(domain, value, { values }) {
    const limit = parseDisk(value, 'KiB');
    const root = rootOf(domain);
    if (root === undefined || limit === undefined) return noRoot;
    if (values.get('DISK_QUOTA') === 'no') return ignored('DISK_QUOTA is off');
    if (root.spaceHardLimitBytes !== undefined || root.spaceSoftLimitBytes !== undefined) return ownWord;
    const spaceHardLimitBytes = safe(limit.hard * 1024n);
    const spaceSoftLimitBytes = Math.min(safe(limit.soft * 1024n), spaceHardLimitBytes);
    return within(
      limit,
      withRoot(domain, (one) => ({ ...one, spaceSoftLimitBytes, spaceHardLimitBytes })),
      'space_soft_limit and space_hard_limit of the root',
    );
  },
  write(domain) {
    const { spaceHardLimitBytes: hard, spaceSoftLimitBytes: soft } = rootOf(domain) ?? {};
    const most = hard ?? soft;
    if (most === undefined) return undefined;
    const kib = (bytes: number): bigint => BigInt(Math.ceil(bytes / 1024));
    return formatDisk({ soft: kib(soft ?? most), hard: kib(most) });
  },
};

const diskinodes: Row = {
  key: 'DISKINODES',
  read(domain, value, { values }) {
    const limit = parseDisk(value, 'inodes');
    const root = rootOf(domain);
    if (root === undefined || limit === undefined) return noRoot;
    if (values.get('DISK_QUOTA') === 'no') return ignored('DISK_QUOTA is off');
    if (inodeQuotaOf(root) !== undefined) return ownWord;
    const max = safe(limit.hard);
    const quota: InodeQuota = { type: 'inodes', max, soft: Math.min(safe(limit.soft), max) };
    return within(
      limit,
      withRoot(domain, (one) => ({ ...one, quotas: [...(one.quotas ?? []), quota] })),
      'quota of inodes of the root',
    );
  },
  write(domain) {
    const quota = inodeQuotaOf(rootOf(domain));
    if (quota === undefined) return undefined;
    return formatDisk({ soft: BigInt(quota.soft ?? quota.max), hard: BigInt(quota.max) });
  },
};

/**
 * OpenVZ 7's own shares of its eight priorities, on the scale of today's kernels: its 500 for priority 4, which every
 * container has that says nothing, is their 100.
 */
const ioWeights = [64, 73, 82, 92, 100, 110, 120, 128] as const;

const ioprio: Row = {
  key: 'IOPRIO',
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
};

export const diskRows: readonly Row[] = [diskspace, diskinodes, ioprio];
