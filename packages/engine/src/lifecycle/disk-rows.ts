// What becomes of limits of disk space where the root is no file system of the domain's own.
// SPDX-License-Identifier: Apache-2.0
import type { ResourceRow } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';

const diskKeys = new Set(['DISKSPACE', 'DISKINODES', 'QUOTATIME']);

/** Why a limit is not kept: a folder, image or device of the host's is as large as it is. A define says so, too. */
export function diskObstacle(key: string, { devices }: Domain): string | undefined {
  const root = devices.filesystems?.find(({ target }) => target?.dir === '/');
  if (root === undefined || root.type === 'template' || !diskKeys.has(key)) return undefined;
  return `the root, of type ${root.type}, is as large as its source: a root from a template has limits of its own`;
}

export function explainDisk(row: ResourceRow, domain: Domain): ResourceRow {
  const how = diskObstacle(row.key, domain);
  return how === undefined ? row : { ...row, status: 'recorded', how };
}
