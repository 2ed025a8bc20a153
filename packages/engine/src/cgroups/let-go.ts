// Takes off what throttles a group and those below it: a process that is killed has to run, and to write, before it is gone.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { isErrno, unlessGone } from '../host/gone.js';
import type { CgroupLayout } from './layout.js';
import { walkTree } from './tree.js';

/** Files with a line for each device, and what stands for no limit behind the device. */
const perDevice = {
  1: ['read_bps', 'write_bps', 'read_iops', 'write_iops'].map(
    (rate) => [`blkio.throttle.${rate}_device`, '0'] as const,
  ),
  2: [['io.max', 'rbps=max wbps=max riops=max wiops=max']] as const,
} as const;
const processors = { 1: ['cpu.cfs_quota_us', '-1'], 2: ['cpu.max', 'max'] } as const;

/** A container may have throttled groups of its own, too. */
export async function letGo(layout: CgroupLayout, group: string): Promise<void> {
  const { version, path } = layout;
  const [file, none] = processors[version];
  await walkTree(path('cpu', group), (folder) => put(`${folder}/${file}`, none));
  await walkTree(path(version === 1 ? 'blkio' : 'io', group), (folder) => {
    for (const [rates, unlimited] of perDevice[version])
      for (const line of linesOf(`${folder}/${rates}`)) {
        const [device] = line.split(' ');
        if (device !== undefined && /^\d+:\d+$/.test(device))
          put(`${folder}/${rates}`, `${device} ${unlimited}`);
      }
  });
}

const linesOf = (file: string): string[] => (unlessGone(() => readFileSync(file, 'utf8')) ?? '').split('\n');

function put(file: string, value: string): void {
  try {
    unlessGone(() => writeFileSync(file, value, { flag: 'r+' }));
  } catch (error) {
    // A group of the container's own may not have more than the one above, which has no limit by now, or its device has gone.
    if (!isErrno(error, 'EINVAL') && !isErrno(error, 'ENODEV')) throw error;
  }
}
