// What a check of backups takes for a difference.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Repository } from '../backup/repositories.js';
import type { DamagedFile, Generation, ListedFile } from '../backup/tool.js';
import { checkBackups } from './backup-check.js';

const at = new Date('2026-11-30T10:00:00Z');
const listed = (path: string, size: number): ListedFile => ({
  ...{ path, size, mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
  mtime: at.toISOString(),
});
const generation: Generation = {
  ...{ id: 'deadbeef', uuid: 'u', domain: 'a', takenAt: at.toISOString(), leftOut: [] },
};
const unasked = async (): Promise<never> => {
  throw new Error('nobody asks for it');
};

/** What is found different where a backup lists and restores this. */
async function checked(
  files: readonly ListedFile[],
  restored: ReadonlyMap<string | Buffer, string>,
  damaged: readonly DamagedFile[] = [],
) {
  const repository: Repository = {
    spec: { name: 'default', path: '/nowhere', passwordFile: '/nowhere' },
    kind: 'restic',
    tool: {
      ...{
        exists: () => true,
        remembers: () => true,
        init: unasked,
        settle: () => Promise.resolve(),
        take: unasked,
        list: unasked,
        about: unasked,
      },
      ...{ forget: unasked, prune: unasked, check: async () => damaged, files: async () => [...files] },
      treeIn: (folder) => folder,
      restore: async (_id, _what, folder) => {
        for (const [path, text] of restored) {
          const file = Buffer.concat([Buffer.from(folder), Buffer.from(path)]);
          mkdirSync(dirname(join(folder, String(path))), { recursive: true });
          writeFileSync(file, text, { mode: 0o644 });
          utimesSync(file, at, at);
        }
      },
    },
  };
  const scratch = mkdtempSync(join(tmpdir(), 'cvb'));
  try {
    const store = { scratch: async <T>(use: (folder: string) => Promise<T>) => await use(scratch) };
    const [one] = await checkBackups([generation], repository, { isWhole: false }, { store });
    return [one?.files, one?.differences];
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

test('what is restored otherwise than its backup says differs', async () => {
  const files = [listed('/root/a', 1), listed('/root/b', 1), listed('/root/c', 1)];
  const restored = new Map([
    ['/root/a', 'a'],
    ['/root/b', 'bb'],
  ]);
  const [count, differences] = await checked(files, restored);
  assert.equal(count, 3);
  assert.deepEqual([differences].flat().sort(), ['/root/b', '/root/c']);
});

test('a file whose name the list cannot say is not taken for one that differs', async () => {
  const files = [listed('/root/a', 1), listed('/root/caf\ufffd', 1)];
  const restored = new Map<string | Buffer, string>([
    ['/root/a', 'a'],
    [Buffer.from('/root/caf\xe9', 'latin1'), 'x'],
  ]);
  assert.deepEqual(await checked(files, restored), [1, []]);
});

test('what the repository knows to be damaged is told of each backup that is hit', async () => {
  const damaged = [
    { id: generation.id, path: '/root/a' },
    { id: 'another', path: '/root/b' },
  ];
  assert.deepEqual(await checked([listed('/root/a', 1)], new Map(), damaged), [0, ['/root/a']]);
});
