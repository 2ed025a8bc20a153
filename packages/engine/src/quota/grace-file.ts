// Since when which soft limit is passed: written beside the files it is about, so that every daemon counts the same grace.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { readIfThere, writeAtomically } from '../host/files.js';
import type { DiskLimit, FilesystemSpec } from '../storage/index.js';
import { standingOf } from './grace.js';

/** By file system and what it limits, as `root.space`. */
export type Since = Readonly<Record<string, string>>;

const pathIn = (keep: string): string => join(keep, 'grace.json');

/** Written by us; what cannot be read begins anew. */
export const readSince = async (keep: string): Promise<Since> => sinceIn(await readIfThere(pathIn(keep)));

export async function writeSince(keep: string, since: Since): Promise<void> {
  await writeAtomically(pathIn(keep), JSON.stringify(since), { durable: false });
}

function sinceIn(text: string | undefined): Since {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    const entries = Object.entries(value).filter(
      (entry): entry is [string, string] =>
        typeof entry[1] === 'string' && !Number.isNaN(Date.parse(entry[1])),
    );
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}

/**
 * The limits that hold from a run's first moment on: the soft one where its grace is over. What a file system holds is not asked: it
 * was above that at the last look, and the first look at the run gives the hard limit back if it no longer is.
 */
export async function limitsAtStart(
  keep: string,
  graceSeconds: number,
): Promise<(spec: FilesystemSpec) => DiskLimit | undefined> {
  const before = await readSince(keep);
  const now = new Date();
  return ({ key, limit, soft }) => {
    const since = before[`${key}.space`];
    if (limit === undefined || soft?.bytes === undefined || since === undefined) return limit;
    const over = { used: Number.POSITIVE_INFINITY, soft: soft.bytes };
    const { state } = standingOf(over, { since: new Date(since), graceSeconds, now });
    return state === 'expired' ? { ...limit, bytes: soft.bytes } : limit;
  };
}
