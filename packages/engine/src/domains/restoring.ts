// What comes out of a backup: a domain with the files that it had, some of its files, or a folder of the host.
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, posix } from 'node:path';
import type { Restored, RestoreRequest } from '@ctvirt/api';
import { commandFor, shellWord } from '@ctvirt/xml';
import { lineOf, listOf, member, textOf } from '../backup/json.js';
import { merge } from '../backup/merge.js';
import type { Repository } from '../backup/repositories.js';
import type { Generation } from '../backup/tool.js';
import type { Watched } from '../contract.js';
import { EngineError } from '../errors.js';
import { removeTree } from '../host/files.js';
import { requireTrusted } from '../host/trusted.js';
import { asAnother } from '../lifecycle/another.js';
import { filesystemsOf } from '../lifecycle/document.js';
import { readStored } from '../lifecycle/stored-document.js';
import { type Entry, summaryOf } from '../registry/registry.js';
import type { FilesystemSpec } from '../storage/index.js';
import type { RootContext } from '../storage/root-mounts.js';
import { type BackupParts, goingOf, secondsSince } from './backup-parts.js';
import type { FillRoot } from './definer.js';
import { adopt, shownOf } from './kept.js';
import { contextOf, refuseRunning } from './mounting.js';
import { tellingRoom, writingBelow } from './room.js';

/** What is asked for, and the backup that it is about. */
export interface Restoring extends RestoreRequest {
  readonly found: Repository;
  readonly generation: Generation;
  readonly watched: Watched;
}

type Result = Pick<Restored, 'domain' | 'kept' | 'to' | 'untouched' | 'remarks' | 'seconds'>;
type Where = Pick<Result, 'domain' | 'kept' | 'to'> & { readonly remarks: string[] };

/** One of the tree of a backup, and where the domain had it. */
interface Tree {
  readonly tree: string;
  readonly target: string;
  readonly kind: string;
}

/** Each way brings all of it or nothing. */
export async function restoreBackup(asked: Restoring, parts: BackupParts): Promise<Result> {
  const began = performance.now();
  const { to, path, name } = asked;
  if (
    [to !== undefined, name !== undefined].filter(Boolean).length > 1 ||
    (path !== undefined && name !== undefined)
  )
    throw new EngineError('invalid', 'a restore goes to a folder, to a new domain, or to the domain itself');
  if (path?.split('/').some((name) => name === '.' || name === '..'))
    throw new EngineError(
      'invalid',
      `'${path}' is no path in a domain: name it from / on, without . and ..`,
      {
        path,
      },
    );
  const trees = await treesOf(asked);
  const where =
    to !== undefined
      ? await toFolder(to, trees, asked, parts)
      : path !== undefined
        ? await intoDomain(path, trees, asked, parts)
        : await wholeDomain(trees, asked, parts);
  const others = trees.filter(({ kind }) => kind === 'mount').map(({ target }) => target);
  const isWhole = to === undefined && path === undefined;
  return { ...where, untouched: isWhole ? others : [], seconds: secondsSince(began) };
}

async function treesOf({ found, generation }: Restoring): Promise<Tree[]> {
  const manifest = lineOf(await found.tool.about(generation.id, 'manifest.json'));
  const trees = listOf(member(manifest, 'trees'));
  if (member(manifest, 'version') !== 1 || trees.length === 0)
    throw new EngineError('unsupported', `backup ${generation.id} was made by a later version of ctvirt`);
  return trees.map((one) => {
    const [tree = '', target = '', kind = ''] = ['tree', 'target', 'kind'].map((key) => textOf(one, key));
    return { tree, target, kind };
  });
}

/** In which of them a path lies, and where. */
function placeIn(
  trees: readonly Tree[],
  path: string,
  generation: Generation,
): { tree: string; path: string } {
  const whole = posix.join('/', path).replace(/(?<=.)\/$/, '');
  const [deepest] = trees
    .filter(({ target }) => target === '/' || whole === target || whole.startsWith(`${target}/`))
    .sort((a, b) => b.target.length - a.target.length);
  if (deepest === undefined) throw missing(whole, generation);
  return { tree: deepest.tree, path: deepest.target === '/' ? whole : whole.slice(deepest.target.length) };
}

/** A new one, of which root alone sees more than its name: what is setuid inside is nobody's on the host. */
async function toFolder(
  to: string,
  trees: readonly Tree[],
  { path, found, generation, watched }: Restoring,
  { log }: BackupParts,
): Promise<Where> {
  if (!isAbsolute(to)) throw new EngineError('invalid', `'${to}' is no absolute path`, { files: to });
  if (existsSync(to))
    throw new EngineError('exists', `${to} is there already: name a folder that is not`, { path: to });
  if (!existsSync(dirname(to)))
    throw new EngineError('not-found', `${dirname(to)} is not there: make it first`, { path: dirname(to) });
  requireTrusted(dirname(to));
  const staging = join(dirname(to), `.ctvirt-restore-${randomBytes(4).toString('hex')}`);
  mkdirSync(staging, { mode: 0o700 });
  try {
    const wanted = path === undefined ? undefined : placeIn(trees, path, generation);
    for (const { tree } of wanted === undefined ? trees : [wanted]) {
      const what = wanted === undefined ? { tree } : { tree, paths: [wanted.path] };
      await found.tool.restore(generation.id, what, staging, goingOf('restoring', watched));
    }
    const own = found.tool.treeIn(staging, wanted?.tree ?? 'root');
    refuseMissing(own, wanted?.path ?? '', path ?? '/', generation);
    if (wanted === undefined)
      for (const { tree, target } of byDepth(trees))
        if (target !== '/') putBelow(own, target, found.tool.treeIn(staging, tree));
    chmodSync(own, 0o700);
    renameSync(own, to);
  } finally {
    await removeTree(staging).catch((error: unknown) => log('warn', `${staging} stays: ${String(error)}`));
  }
  return { domain: null, kept: null, to, remarks: [] };
}

const byDepth = (trees: readonly Tree[]): Tree[] =>
  [...trees].sort((a, b) => a.target.split('/').length - b.target.split('/').length);

/** Where the domain mounted it; a link on the way there leads nowhere else. */
function putBelow(root: string, target: string, tree: string): void {
  let at = root;
  for (const name of target.split('/').filter((word) => word !== '')) {
    at = join(at, name);
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) mkdirSync(at, { mode: 0o755 });
    else if (!found.isDirectory())
      throw new EngineError(
        'wrong-state',
        `${target} is no folder in the backup: restore it by itself (--path)`,
      );
  }
  // What it covers there was not to be seen.
  rmSync(at, { recursive: true });
  renameSync(tree, at);
}

function refuseMissing(tree: string, below: string, path: string, generation: Generation): void {
  if (
    existsSync(tree) &&
    (below === '' || lstatSync(join(tree, below), { throwIfNoEntry: false }) !== undefined)
  )
    return;
  throw missing(path, generation);
}

const missing = (path: string, { id, domain }: Generation): EngineError =>
  new EngineError(
    'not-found',
    `${path} is not in backup ${id}: \`${commandFor('backup list', [domain])}\` shows the others`,
    { path },
  );

/** One file or folder, beside what is there: nothing that was made since goes. */
async function intoDomain(
  path: string,
  trees: readonly Tree[],
  { domain: ref, found, generation, watched: by }: Restoring,
  parts: BackupParts,
): Promise<Where> {
  return await inJob(ref, by, parts, async (entry, watched) => {
    const { record } = entry;
    refuse(
      entry,
      parts,
      `, \`${commandFor('restore', [record.name], `--path ${shellWord(path)} --to FOLDER`)}\` brings it to a folder of the host`,
    );
    const document = await parts.documents.stored(entry);
    const wanted = placeIn(trees, path, generation);
    const spec = filesystemsOf(document).find(({ key }) => key === wanted.tree);
    if (spec === undefined)
      throw new EngineError(
        'unsupported',
        `domain '${record.name}' has no file system any more that ${path} lay in`,
      );
    await parts.store.scratch(async (folder) => {
      const what = { tree: wanted.tree, paths: [wanted.path] };
      await found.tool.restore(generation.id, what, folder, goingOf('restoring', watched));
      const from = found.tool.treeIn(folder, wanted.tree);
      refuseMissing(from, wanted.path, path, generation);
      const context = contextOf(document, record, parts, parts.kept(entry));
      // Who looks after the host may write what the domain may only read.
      await parts.rootMounts.lend({ ...spec, readOnly: false }, context, async ({ path: to, within }) => {
        within(() => refuseLinks(to, wanted.path));
        await merge({ from, to, within, path: wanted.path, signal: watched.signal });
      });
    });
    return { domain: summaryOf(entry), kept: null, to: null, remarks: [] };
  });
}

/** Where a link leads now is not where the file was. */
function refuseLinks(root: string, path: string): void {
  const names = path.split('/').filter((name) => name !== '');
  for (let count = 1; count < names.length; count++) {
    const above = `/${names.slice(0, count).join('/')}`;
    if (lstatSync(join(root, above), { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue;
    throw new EngineError(
      'wrong-state',
      `${above} is a link in the domain now, and was a folder: restore ${above}, or to a folder of the host (--to)`,
    );
  }
}

/** The domain whose backup it is, or another one, which is there once it has its files. */
async function wholeDomain(trees: readonly Tree[], asked: Restoring, parts: BackupParts): Promise<Where> {
  const { name, generation, found } = asked;
  const existing = name === undefined ? parts.registry.byUuid(generation.uuid) : undefined;
  if (existing !== undefined)
    return await inJob(generation.uuid, asked.watched, parts, async (entry, watched) => {
      const own = await fill(entry, trees, { ...asked, watched }, parts);
      const kept = own === undefined ? null : shownOf(own, parts);
      return {
        domain: summaryOf(entry),
        kept,
        to: null,
        remarks:
          kept === null || kept.snapshots.length === 0
            ? []
            : [
                `its snapshots (${kept.snapshots.join(', ')}) do not fit files that are made as they are now, and are kept with those of before`,
              ],
      };
    });
  const xml = await found.tool.about(generation.id, 'domain.xml');
  const stored = readStored(xml, generation.domain);
  const remarks: string[] = [];
  const given = name === undefined ? stored : asAnother({ ...stored, name }, remarks);
  refuseOthers(filesystemsOf(given), trees, given.name);
  const fillNew: FillRoot = async ({ record, specs, context, make }) => {
    const put = async (watched: Watched): Promise<void> => {
      for (const spec of specs) await make(spec);
      for (const spec of specs) await fillOne(spec, trees, context, { ...asked, watched }, parts);
    };
    await parts.jobs.run({ record }, 'restore', put, asked.watched);
  };
  const fresh = { autostart: false, fill: fillNew };
  const { entry } = await toldOf(asked, trees, () =>
    parts.definer.define(given, { persistent: true, fresh }),
  );
  return { domain: summaryOf(entry), kept: null, to: null, remarks };
}

/** What finds no room is told with what the backup holds. */
async function toldOf<T>(
  { found, generation }: Restoring,
  trees: readonly Tree[],
  work: () => Promise<T>,
): Promise<T> {
  const bytes = async (): Promise<number> => {
    let sum = 0;
    for (const { tree } of trees)
      for (const { size } of await found.tool.files(generation.id, tree)) sum += size;
    return sum;
  };
  return await tellingRoom({ what: `the files of backup ${generation.id}`, bytes }, work);
}

/** In its turn, as the one job that it has. */
async function inJob<T>(
  ref: string,
  by: Watched,
  { turns, jobs }: BackupParts,
  work: (entry: Entry, watched: Watched) => Promise<T>,
): Promise<T> {
  const entry = turns.find(ref);
  const { uuid } = entry.record;
  const inTurn = (watched: Watched): Promise<T> =>
    turns.take(uuid, () => work(entry, watched), { isJob: true });
  return await jobs.run(entry, 'restore', inTurn, by);
}

function refuse(entry: Entry, { rootMounts }: BackupParts, orElse = ''): void {
  refuseRunning(entry, `\`${commandFor('shutdown', [entry.record.name])}\` ends it${orElse}`);
  rootMounts.refuse(entry.record);
}

/** New files with new ids are made beside the domain's own, and change places with them when they are complete. */
async function fill(entry: Entry, trees: readonly Tree[], asked: Restoring, parts: BackupParts) {
  const { store, definer, reader, roots } = parts;
  refuse(entry, parts);
  const read = await reader.check(readStored(await store.readXml(entry.record.name), entry.record.name));
  refuseOthers(read.parts.filesystems, trees, entry.record.name);
  const make = () =>
    definer.makeBeside(entry, read, async (record, beside) => {
      const context = contextOf(read.domain, record, parts, beside);
      for (const spec of filesystemsOf(read.domain)) await fillOne(spec, trees, context, asked, parts);
    });
  const kept = await toldOf(asked, trees, make);
  return await roots.turn(kept.root, (there) => adopt(there, entry, parts));
}

/** One file system, if it was made of a template and is in the backup. */
async function fillOne(
  spec: FilesystemSpec,
  trees: readonly Tree[],
  context: RootContext,
  { found, generation, watched }: Restoring,
  { store, rootMounts }: BackupParts,
): Promise<void> {
  if (spec.kind !== 'template' || !trees.some(({ tree }) => tree === spec.key)) return;
  await store.scratch(async (folder) => {
    await found.tool.restore(generation.id, { tree: spec.key }, folder, goingOf('restoring', watched));
    const from = found.tool.treeIn(folder, spec.key);
    watched.onProgress?.({ phase: 'putting files in their place', done: 0 });
    await writingBelow(context.keep, () =>
      rootMounts.lend(spec, context, ({ path: to, within }) =>
        merge({ from, to, within, signal: watched.signal }),
      ),
    );
  });
}

/** A root that is the host's folder or disk is not ours to put another one in the place of. */
function refuseOthers(filesystems: readonly FilesystemSpec[], trees: readonly Tree[], name: string): void {
  const root = filesystems.find(({ target }) => target === '/');
  if (root?.kind === 'template' && trees.some(({ tree }) => tree === root.key)) return;
  throw new EngineError(
    'unsupported',
    `the root of domain '${name}' is ${root?.source ?? 'none of its own'}, which is no template's: restore single paths, or all of it to a folder (--to)`,
  );
}
