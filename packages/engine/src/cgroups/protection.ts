// Memory that is guaranteed to containers is guaranteed to the group they stand in: the kernel gives no child more than its parent has.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGone } from '../host/gone.js';
import type { CgroupLayout } from './layout.js';

const files = ['memory.min', 'memory.low'] as const;

/** Whether a limit is one that the group of all containers shares out. */
export const isProtection = ({ file }: { readonly file: string }): boolean =>
  files.some((each) => each === file);

/** Gives the group of all containers what theirs are given together, no more; cgroup v1 knows no such thing. */
export function shareProtection(layout: CgroupLayout, parent: string): void {
  if (layout.version === 1) return;
  const folder = layout.path('memory', parent);
  for (const file of files) {
    const sum = childrenOf(folder).reduce((total, child) => total + bytesIn(join(folder, child, file)), 0);
    try {
      writeFileSync(join(folder, file), Number.isFinite(sum) ? String(sum) : 'max');
    } catch (error) {
      if (!isGone(error)) throw error; // the last one has gone
    }
  }
}

function childrenOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.startsWith('lxc.payload.'));
  } catch {
    return []; // no container runs
  }
}

function bytesIn(path: string): number {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
  } catch {
    return 0; // gone meanwhile
  }
}
