// What has changed of a domain's files since its last backup, told by the kernel: files of a copy are all new, and say nothing of it.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  asCopied,
  changesSince,
  type KnownLayers,
  type TemplateFile,
  type Verdict,
} from '../backup/known-files.js';
import { syncAll } from '../host/files.js';
import { type FileState, filesBelow } from '../storage/file-list.js';
import { backends, type FilesystemSpec, type KeptContext } from '../storage/index.js';
import type { DomainFiles } from './still-files.js';

/** Of more than one tick of the kernel's clock: what changes after it has another time than what changed before. */
const TICK_MS = 20;

/**
 * Looks at the files where they lie, before anything is copied or read. Undefined where that tells nothing: they are not all in
 * folders of the host, or are not needed, since a copy has the inodes and times of the original.
 *
 * A page that a program has mapped is written without a new time as long as it is not on the disk. So all is written there after the
 * look: what is changed later has a time that was not seen.
 */
export async function lookAt({ specs, from }: DomainFiles): Promise<KnownLayers | undefined> {
  const layers = new Map<string, { made: string; files: Map<string, FileState> }>();
  const folders: string[] = [];
  for (const spec of specs) {
    const folder = treeOf(spec, from);
    if (folder === undefined) return undefined;
    const made = [folder, from.templatePath(spec.source)].map(identityOf).join(' ');
    layers.set(spec.key, { made, files: exact(await filesBelow(folder)) });
    folders.push(folder);
  }
  await Promise.all([delay(TICK_MS), ...folders.map((folder) => syncAll(folder))]);
  return layers;
}

/** What is known of what `files` has, which may be a copy of what was looked at. */
export async function knownOf(
  looked: KnownLayers | undefined,
  { specs, from, isStill }: DomainFiles,
): Promise<KnownLayers | undefined> {
  if (looked === undefined || isStill) return looked;
  const layers = new Map<string, { made: string; files: Map<string, FileState> }>();
  for (const spec of specs) {
    const [layer, folder] = [looked.get(spec.key), treeOf(spec, from)];
    if (layer === undefined || folder === undefined) return undefined;
    layers.set(spec.key, { made: layer.made, files: asCopied(layer.files, await filesBelow(folder)) });
  }
  return layers;
}

/** Undefined where that cannot be told. */
export function verdictOn(
  before: KnownLayers | undefined,
  now: KnownLayers | undefined,
  { specs, from }: DomainFiles,
): Verdict | undefined {
  if (before === undefined || now === undefined) return undefined;
  const paths = new Map(specs.map(({ key, source }) => [key, from.templatePath(source)]));
  const templateFile: TemplateFile = (key, path) => {
    try {
      const bytes = Buffer.from(join(paths.get(key) ?? '', path), 'latin1');
      return lstatSync(bytes, { bigint: true, throwIfNoEntry: false });
    } catch {
      return undefined; // below a file
    }
  };
  return changesSince(before, now, templateFile);
}

const treeOf = (spec: FilesystemSpec, from: KeptContext): string | undefined =>
  backends[spec.kind].copies?.tree(spec, from);

function identityOf(folder: string): string {
  const { ino, birthtimeNs } = statSync(folder, { bigint: true });
  return `${ino}.${birthtimeNs}`;
}

const RECENT_S = 2;

/** A file system that keeps whole seconds does not tell what changes twice in one. */
function exact(files: Map<string, FileState>): Map<string, FileState> {
  const now = new Date();
  const since = now.valueOf() / 1000 - RECENT_S;
  for (const [path, file] of files)
    if (/\.0+$/.test(file.changed) && Number(file.changed) >= since)
      files.set(path, { ...file, changed: '', inode: '' });
  return files;
}
