// Backups of domains, and what comes out of them: never in the place of what is there before it is complete.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Backup, BackupRepository, BackupTaken, DomainBackupRequest } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import type { KnownLayers } from '../backup/known-files.js';
import type { Repository } from '../backup/repositories.js';
import type { Generation } from '../backup/tool.js';
import type { Engine, Watched } from '../contract.js';
import { EngineError, isFault } from '../errors.js';
import { allEnded } from '../host/all-ended.js';
import { fillFolder } from '../host/files.js';
import { isPathIn } from '../host/paths.js';
import { inTurnOfJob } from '../jobs/waits.js';
import { filesystemsOf } from '../lifecycle/document.js';
import type { Entry } from '../registry/registry.js';
import { byTime, retained } from '../schedule/retention.js';
import { NextTimes } from '../schedule/times.js';
import { deepBelow, flaggedBelow, socketsBelow } from '../storage/file-list.js';
import type { Within } from '../storage/found-words.js';
import type { FilesystemSpec } from '../storage/index.js';
import type { RootContext } from '../storage/root-mounts.js';
import { knownOf, lookAt, verdictOn } from './backup-changes.js';
import { checkBackups } from './backup-check.js';
import { type BackupParts, goingOf, secondsSince } from './backup-parts.js';
import { statusOf } from './backup-status.js';
import { flaggedIn } from './copying.js';
import { findEarlier } from './earlier-backups.js';
import { chooseGeneration, generationsOf, noBackupOf } from './generations.js';
import { contextOf } from './mounting.js';
import { restoreBackup } from './restoring.js';
import { type DomainFiles, withStillFiles } from './still-files.js';

/** The engine's operations on backups. */
export function backupOperations(parts: BackupParts): Engine['backups'] {
  const { repositories, turns } = parts;
  const next = new NextTimes();
  return {
    repositories: () => repositories.all().map(describe),
    init: async ({ repository, again = false, tool: wanted }) => {
      const { spec, tool } = repositories.find(repository, wanted);
      if (tool.exists())
        throw new EngineError('exists', `there is a repository in ${spec.path} already`, { path: spec.path });
      // Where it lies may only be away, and an empty one below a mount would hide that.
      if (!again && parts.backupTimes.hasIn(spec.name))
        throw new EngineError(
          'wrong-state',
          `there are backups in repository '${spec.name}', and nothing of it is in ${spec.path}: mount what it lies on; \`${commandFor('backup init', [spec.name], '--again')}\` makes an empty one all the same`,
        );
      const madePassword = await repositories.makePassword(spec);
      await inRepository(repositories.get(spec.name, wanted), parts, () => tool.init());
      return { repository: describe(repositories.find(spec.name)), madePassword };
    },
    list: async ({ repository, domain } = {}) => {
      const found = repositories.get(repository);
      const all = await listOf(found, parts);
      return shown(domain === undefined ? all : generationsOf(all, domain, parts), found);
    },
    create: (ref, request, watched) => create(ref, request, watched, parts),
    status: async (ref) => {
      const entries = ref === undefined ? parts.registry.here() : [turns.find(ref)];
      // All is not well where nothing can be backed up: it throws.
      if (repositories.all().length === 0) repositories.find();
      const untold = await findEarlier(entries, parts);
      return entries.map((entry) => statusOf(entry, { ...parts, next, untold }));
    },
    restore: async (request, watched = {}) => {
      const found = repositories.get(request.repository);
      return await inRepository(found, parts, async () => {
        const generation = chooseGeneration(await found.tool.list(), request, parts);
        const restored = await restoreBackup({ ...request, found, generation, watched }, parts);
        return { ...restored, backup: backupOf(generation, found), leftOut: [...generation.leftOut] };
      });
    },
    check: async ({ repository, domain, whole = false }, watched = {}) => {
      const found = repositories.get(repository);
      return await inRepository(found, parts, async () => {
        const all = await found.tool.list();
        const wanted = domain === undefined ? all : generationsOf(all, domain, parts);
        if (domain !== undefined && wanted.length === 0) throw noBackupOf(domain);
        if (wanted.length === 0) throw nothingToCheck(found);
        const checked = await checkBackups(wanted, found, { ...watched, isWhole: whole }, parts);
        return checked.map(({ generation, ...result }) => ({
          ...result,
          backup: backupOf(generation, found),
        }));
      });
    },
    forget: async ({ repository, domain, dryRun, ...keep }, watched = {}) => {
      const { keepLast: last, keepDaily: daily, keepWeekly: weekly, keepMonthly: monthly } = keep;
      if (![last, daily, weekly, monthly].some((count) => (count ?? 0) > 0))
        throw new EngineError('invalid', 'say how many backups stay: a rule that keeps none is none');
      const found = repositories.get(repository);
      return await inRepository(found, parts, async () => {
        const all = await found.tool.list();
        const wanted = domain === undefined ? all : generationsOf(all, domain, parts);
        const kept = byDomain(wanted).flatMap((own) => retained(own, { last, daily, weekly, monthly }));
        const removed = wanted.filter((one) => !kept.includes(one));
        if (removed.length > 0 && dryRun !== true)
          await found.tool.forget(
            removed.map(({ id }) => id),
            goingOf('removing', watched),
          );
        return { kept: shown(kept, found), removed: shown(removed, found) };
      });
    },
    prune: async ({ repository }, watched = {}) => {
      const found = repositories.get(repository);
      await inRepository(found, parts, () => found.tool.prune(goingOf('giving room back', watched)));
      return describe(found);
    },
  };
}

const describe = ({ spec, kind }: Repository): BackupRepository => ({ ...spec, tool: kind ?? null });

const nothingToCheck = ({ spec: { name } }: Repository): EngineError =>
  new EngineError('not-found', `there is no backup in repository '${name}': nothing was checked`, { name });

/** One at a time. Its turn may wait for a domain's, never the other way round. */
const inRepository = <T>(
  { spec, tool }: Repository,
  { queue }: BackupParts,
  work: () => Promise<T>,
): Promise<T> =>
  // No domain is called so.
  inTurnOfJob(queue, `backup/${spec.name}`, async () => {
    await tool.settle();
    return await work();
  });

/** Who looks waits for nobody, unless somebody who may write has to complete what is there first. */
async function listOf(found: Repository, parts: BackupParts): Promise<Generation[]> {
  try {
    return await found.tool.list();
  } catch (error) {
    if (!isFault(error, 'busy')) throw error;
    return await inRepository(found, parts, () => found.tool.list());
  }
}

/** What becomes of it is remembered: a backup of the night that fails is to be seen in the morning. */
async function create(
  ref: string,
  request: DomainBackupRequest,
  by: Watched = {},
  parts: BackupParts,
): Promise<BackupTaken> {
  const { repositories, turns, jobs, backupTimes } = parts;
  const entry = turns.find(ref);
  const { uuid } = entry.record;
  jobs.refuse(uuid);
  try {
    const taken = await jobs.run(
      entry,
      'backup',
      async (watched) => {
        const found = repositories.get(request.repository);
        return await inRepository(found, parts, () => takeStill(entry, request, { found, watched }, parts));
      },
      by,
    );
    const { id, repository, takenAt } = taken.backup;
    await backupTimes.succeeded(uuid, { id, repository, takenAt, isComplete: taken.isComplete });
    return taken;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    await backupTimes.failed(uuid, { at: new Date().toISOString(), error: said });
    throw error;
  }
}

async function takeStill(
  { record: { uuid } }: Entry,
  { mounts }: DomainBackupRequest,
  { found, watched }: { readonly found: Repository; readonly watched: Watched },
  parts: BackupParts,
): Promise<BackupTaken> {
  const began = performance.now();
  const reading = parts.knownFiles.get(uuid, found.spec.name);
  let looked: KnownLayers | undefined;
  let flagged = 0;
  const first = async (files: DomainFiles): Promise<void> => {
    // Folders of the host are read where they lie, and found changed by what the kernel tells of them then.
    const looking = mounts === 'with' ? Promise.resolve(undefined) : lookAt(files);
    const counting = files.isStill ? Promise.resolve(0) : flaggedIn(files);
    await allEnded([looking, counting]);
    [looked, flagged] = [await looking, await counting];
  };
  const wanted = { wanted: isOwn, first, signal: watched.signal, onProgress: watched.onProgress };
  const taken = await withStillFiles(uuid, wanted, parts, async (files, frozenMs) => {
    const now = await knownOf(looked, files);
    const known = await reading;
    const isThere = known !== undefined && found.tool.exists() && found.tool.remembers(known.id, uuid);
    const verdict = isThere ? verdictOn(known.layers, now, files) : undefined;
    const since = verdict?.doubtful.length === 0 ? known?.id : undefined;
    const isListed = now !== undefined;
    const { changedFiles, ...cost } = await take(files, { found, watched, mounts, since, isListed }, parts);
    if (now !== undefined)
      await parts.knownFiles.set(uuid, found.spec.name, { id: cost.backup.id, layers: now });
    // A copy of a folder has none that are left to be counted there.
    const all = cost.flagged + flagged;
    return { ...cost, flagged: all, changedFiles: verdict?.changed ?? changedFiles, frozenMs };
  });
  const isComplete = taken.unread.length === 0 && (taken.leftOut.length === 0 || mounts === 'leave');
  return { ...taken, isComplete, seconds: secondsSince(began) };
}

interface Taking {
  readonly found: Repository;
  readonly watched: Watched;
  readonly mounts: DomainBackupRequest['mounts'];
  readonly since: string | undefined;
  readonly isListed: boolean;
}

async function take(
  { record, domain, xml, specs: own, from }: DomainFiles,
  { found, watched, mounts, since, isListed }: Taking,
  parts: BackupParts,
): Promise<Omit<BackupTaken, 'frozenMs' | 'seconds' | 'isComplete'>> {
  const { name, uuid } = record;
  const takenAt = new Date();
  if (own.length === 0)
    throw new EngineError('unsupported', `domain '${name}' has no root of its own that could be backed up`);
  const context = contextOf(domain, record, parts, from);
  const others = filesystemsOf(domain).filter((spec) => !isOwn(spec));
  const taken = mounts === 'with' ? others.filter((spec) => isFolder(spec, context)) : [];
  for (const { source, target } of taken)
    if (isPathIn(found.spec.path, source))
      throw new EngineError(
        'invalid',
        `the repository ${found.spec.path} lies in ${source}, which domain '${name}' has at ${target}: it would be backed up into itself`,
        { path: found.spec.path },
      );
  const leftOut = others.filter((spec) => !taken.includes(spec)).map(outsideOf);
  const specs = [...own, ...taken];
  const trees = specs.map(({ key: tree, target, kind, source }) => ({ tree, target, kind, source }));
  const templates = await Promise.all(
    own.filter(({ kind }) => kind === 'template').map(({ source }) => parts.templates.get(source)),
  );
  const digests = Object.fromEntries(templates.map((template) => [template.name, template.digest]));
  const manifest = { version: 1, name, uuid, idBase: 0, trees, templates: digests, leftOut };
  const cost = await parts.store.scratch(async (about) => {
    await fillFolder(about, { 'manifest.json': `${JSON.stringify(manifest, null, 2)}\n`, 'domain.xml': xml });
    return await parts.rootMounts.lendAll(specs, context, async ({ paths, within }) => {
      const below = [...paths.values()];
      const sockets = socketsBelow(below, (start) => within(start));
      const flagged = flaggedBelow(below, (start) => within(start));
      const deep = deepIn(specs, paths, (start) => within(start));
      const taking = found.tool.take(
        {
          ...{ uuid, domain: name, takenAt, about, since, isListed, trees: paths, within },
          leftOut: leftOut.map(({ target }) => target),
        },
        goingOf('backing up', watched),
      );
      await allEnded([sockets, flagged, deep, taking]);
      const [cost, tooDeep] = [await taking, await deep];
      const unread = [...new Set([...cost.unread, ...tooDeep])];
      return { ...cost, unread, sockets: await sockets, flagged: await flagged };
    });
  });
  const { id, unread, ...numbers } = cost;
  const generation = {
    ...{ id, uuid, domain: name, takenAt: takenAt.toISOString() },
    leftOut: leftOut.map(({ target }) => target),
  };
  return {
    backup: backupOf(generation, found),
    leftOut,
    mounts: taken.map(outsideOf),
    unread: [...unread],
    ...numbers,
  };
}

/** What a program may store, and nobody can put back, counts as what could not be read. */
async function deepIn(
  specs: readonly FilesystemSpec[],
  paths: ReadonlyMap<string, string>,
  within: Within,
): Promise<string[]> {
  const found: string[] = [];
  for (const { key, target } of specs)
    for (const path of await deepBelow(paths.get(key) ?? '', within)) found.push(join(target, path));
  return found.slice(0, UNREAD_TOLD);
}

const UNREAD_TOLD = 100;

/** The root, whatever it is, and what was made of templates; all else is the host's, which a domain is only lent. */
const isOwn = ({ kind, target }: FilesystemSpec): boolean => kind === 'template' || target === '/';

const outsideOf = ({ target, source }: FilesystemSpec) => ({ target, source });

/** What is mounted from a file is not: nothing could be put in its place while the domain has it. */
function isFolder(spec: FilesystemSpec, { sources, shifted }: RootContext): boolean {
  if (spec.kind !== 'mount') return false;
  using source = sources.open(spec, shifted);
  return source.is === 'folder';
}

function byDomain(generations: readonly Generation[]): Generation[][] {
  const found = new Map<string, Generation[]>();
  for (const one of generations) found.set(one.uuid, [...(found.get(one.uuid) ?? []), one]);
  return [...found.values()];
}

const backupOf = ({ leftOut, ...generation }: Generation, { spec }: Repository): Backup => ({
  ...generation,
  repository: spec.name,
  leftOut: [...leftOut],
});

const shown = (generations: readonly Generation[], found: Repository): Backup[] =>
  generations.map((generation) => backupOf(generation, found)).sort(byTime);
