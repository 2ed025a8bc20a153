// Disk keys: first-level space and inodes of the root, I/O weight.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Filesystem, Quota } from '@ctvirt/xml';
import { parameterValue, withValue } from '../../beancounters.js';
import { rootOf, withRoot } from '../../edit.js';
import { isExact, tooMuch } from '../../numbers.js';
import { approximated, carried, ignored, type Outcome } from '../../outcome.js';
import { ownWord, type Row } from '../row.js';
import { type DiskLimit, formatDisk, parseDisk, parseUlong, unlimited } from '../values.js';

type InodeQuota = Extract<Quota, { type: 'inodes' }>;

/** The inode limit of the whole container: the quota that names no user or group. */
export function inodeQuotaOf(root: Filesystem | undefined): InodeQuota | undefined {
  return root?.quotas?.find(
    (quota): quota is InodeQuota =>
      quota.type === 'inodes' && quota.uid === undefined && quota.gid === undefined,
  );
}

const noRoot = ignored('the domain has no root file system');

/** A limit beyond what a document holds is none: kept as it is, and written back so. */
function unheld(domain: Domain, key: string, value: string, hard: bigint): Outcome {
  const kept = withValue(domain, key, value);
  return hard >= unlimited
    ? carried(kept, `parameter ${key.toLowerCase()}: no limit`)
    : approximated(kept, `parameter ${key.toLowerCase()}, without limit: ${tooMuch}`);
}

const lesser = (one: bigint, other: bigint): number => Number(one < other ? one : other);

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
    if (!isExact(limit.hard * 1024n)) return unheld(domain, 'DISKSPACE', value, limit.hard);
    const spaceHardLimitBytes = Number(limit.hard * 1024n);
    const spaceSoftLimitBytes = lesser(limit.soft * 1024n, limit.hard * 1024n);
    return within(
      limit,
      withRoot(domain, (one) => ({ ...one, spaceSoftLimitBytes, spaceHardLimitBytes })),
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
};

const diskinodes: Row = {
  key: 'DISKINODES',
  read(domain, value, { values }) {
    const limit = parseDisk(value, 'inodes');
    const root = rootOf(domain);
    if (root === undefined || limit === undefined) return noRoot;
    if (values.get('DISK_QUOTA') === 'no') return ignored('DISK_QUOTA is off');
    if (inodeQuotaOf(root) !== undefined) return ownWord;
    if (!isExact(limit.hard)) return unheld(domain, 'DISKINODES', value, limit.hard);
    const max = Number(limit.hard);
    const quota: InodeQuota = { type: 'inodes', max, soft: lesser(limit.soft, limit.hard) };
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
