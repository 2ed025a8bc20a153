// Copies of whole domains: as archives, and of each other.
// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CopiedDomain, DomainArchive, JobKind, OutsideSource } from '@ctvirt/api';
import { formatDomain } from '@ctvirt/xml';
import { asLayer } from '../archives/foreign.js';
import { type Packing, packLayer } from '../archives/layers.js';
import type { ArchivedTemplate, Manifest } from '../archives/manifest.js';
import { packTemplate } from '../archives/templates.js';
import { type Archived, archiveBlocks, packedArchive, writeArchive } from '../archives/write.js';
import type { Archiving, DomainRef, Engine, ExecSession, OfSnapshot, Watched } from '../contract.js';
import { EngineError } from '../errors.js';
import { Undo } from '../host/undo.js';
import { asAnother } from '../lifecycle/another.js';
import { filesystemsOf } from '../lifecycle/document.js';
import { outsideInWords, outsideOf } from '../lifecycle/outside.js';
import type { Entry } from '../registry/registry.js';
import { RANGE_SIZE } from '../state/id-ranges.js';
import { checkNewName } from '../state/names.js';
import { flaggedBelow, flagsLost, markedBelow } from '../storage/file-list.js';
import type { FilesystemSpec } from '../storage/index.js';
import type { LayerFiles } from '../storage/root-mounts.js';
import { translated } from '../template-catalog.js';
import type { TarEntry } from '../templates/archive/tar-reader.js';
import { emptyDigest } from '../templates/empty.js';
import { type CopyParts, fillLayer, forgetIn, limits, made } from './copy-making.js';
import { copiedOf, flagsOf, occupiedBy, tellingBytes } from './copying.js';
import type { FillRoot, MadeRoot } from './definer.js';
import { importDomain } from './importing.js';
import { contextOf } from './mounting.js';
import { tellingRoom } from './room.js';
import {
  copyOut,
  type DomainFiles,
  type FilesWanted,
  filesOf,
  withStill,
  withStillFiles,
} from './still-files.js';

/** The engine's operations on whole domains. */
export function copyOperations(parts: CopyParts): Pick<Engine, 'archives'> {
  return {
    archives: {
      write: (ref, target, { snapshot, withTemplate, withMounts, ...watched } = {}) =>
        asJob(ref, 'export', watched, parts, (entry, seen) =>
          write(entry, target, { snapshot, withTemplate, withMounts, ...seen }, parts),
        ),
      stream: (ref, options = {}) => stream(ref, options, parts),
      import: (source, options = {}) => translated(() => importDomain(source, options, parts)),
      clone: async (ref, name, { snapshot, ...watched } = {}) => {
        checkNewName(name);
        return await asJob(ref, 'clone', watched, parts, ({ record }, seen) =>
          parts.turns.take(record.uuid, (entry) => clone(entry, name, { snapshot, ...seen }, parts), {
            isJob: true,
          }),
        );
      },
    },
  };
}

async function asJob<T>(
  ref: DomainRef,
  kind: JobKind,
  watched: Watched,
  { turns, jobs }: CopyParts,
  work: (entry: Entry, watched: Required<Watched>) => Promise<T>,
): Promise<T> {
  const found = turns.find(ref);
  return await jobs.run(found, kind, (seen) => translated(() => work(found, seen)), watched);
}

/** What is copied of a domain, and all that is to be said of what is not. */
interface Source {
  readonly files: DomainFiles;
  readonly outside: readonly OutsideSource[];
  readonly remarks: string[];
  readonly layer: (
    spec: FilesystemSpec,
    packing: Omit<Packing, 'limits' | 'tell'>,
  ) => AsyncGenerator<TarEntry>;
  /** Of a folder of the host. */
  readonly folder: (
    spec: FilesystemSpec,
    packing: Omit<Packing, 'limits' | 'tell'>,
  ) => AsyncGenerator<TarEntry>;
}

const isMade = ({ kind }: FilesystemSpec): boolean => kind === 'template';

function refuseForeign({ record: { name }, specs }: DomainFiles): void {
  if (specs.some(({ target }) => target === '/')) return;
  throw new EngineError(
    'unsupported',
    `the root of domain '${name}' is none that was made of a template: its files are the host's`,
    { name },
  );
}

function sourceOf(files: DomainFiles, parts: CopyParts, remarks: string[] = []): Source {
  const { record, domain, from } = files;
  refuseForeign(files);
  const context = contextOf(domain, record, parts, from);
  const tell = (remark: string): void => void remarks.push(remark);
  return {
    files,
    outside: outsideOf(domain),
    remarks,
    layer: async function* (spec, packing) {
      await using undo = new Undo();
      const layer = await parts.rootMounts.openLayer(spec, context, undo);
      for (const lost of await flagsIn(layer)) tell(lost);
      yield* packLayer(layer, { ...packing, limits, tell });
    },
    folder: async function* (spec, packing) {
      await using undo = new Undo();
      const folder = await parts.rootMounts.openToRead(spec, context, undo);
      const tellOf = (remark: string): void => tell(`in ${spec.target}, ${remark}`);
      yield* asLayer(packLayer(folder, { ...packing, limits, tell: tellOf }), tellOf);
    },
  };
}

/** What tar does not keep. */
async function flagsIn({ path, within }: LayerFiles): Promise<string[]> {
  const counts = [flaggedBelow, markedBelow].map((count) => count([path], (start) => within(start)));
  return flagsLost((await Promise.all(counts)).reduce((sum, one) => sum + one, 0));
}

type ArchivePacking = Omit<Packing, 'limits' | 'tell'> & Pick<Archiving, 'withTemplate' | 'withMounts'>;

/** The archive of a domain, and what is told of it once it is written. */
async function archived(
  files: DomainFiles,
  { withTemplate = false, withMounts = false, ...packing }: ArchivePacking,
  parts: CopyParts,
) {
  const source = sourceOf(files, parts);
  const { domain, specs } = files;
  const templates = withTemplate ? await templatesOf(specs, packing, parts) : [];
  const folders = withMounts ? foldersOf(files) : [];
  const outside = source.outside.filter(
    (one) => !folders.some(({ target }) => one.kind === 'mount' && one.target === target),
  );
  const mounts = folders.map(({ key, source: from, target }) => ({ key, source: from, target }));
  const manifest = { ...(await manifestOf(source, parts)), templates, mounts, outside };
  const archive: Archived = {
    manifest,
    xml: formatDomain(domain),
    template: (index) =>
      packTemplate(parts.templates.path(templates[index]?.name ?? ''), { ...packing, limits }),
    layer: (key) => {
      const spec = specs.find((one) => one.key === key);
      if (spec === undefined) throw new TypeError(`no layer ${key}`);
      return source.layer(spec, packing);
    },
    mount: (key) => {
      const spec = folders.find((one) => one.key === key);
      if (spec === undefined) throw new TypeError(`no folder ${key}`);
      return source.folder(spec, packing);
    },
  };
  return { archive, outside, remarks: source.remarks };
}

/** Folders of the host; a single file that stands in there is none. */
const foldersOf = ({ domain }: DomainFiles): FilesystemSpec[] =>
  filesystemsOf(domain).filter(
    ({ kind, source }) =>
      kind === 'mount' && statSync(source, { throwIfNoEntry: false })?.isDirectory() === true,
  );

/** Each once, whatever stands on it. */
async function templatesOf(
  specs: readonly FilesystemSpec[],
  { signal }: Pick<Packing, 'signal'>,
  { templates }: CopyParts,
): Promise<ArchivedTemplate[]> {
  const found: ArchivedTemplate[] = [];
  for (const name of new Set(specs.map(({ source }) => source))) {
    const { digest } = await templates.get(name);
    if (digest === emptyDigest) continue;
    found.push({ name, digest, tree: await templates.treeOf(name, signal) });
  }
  return found;
}

async function manifestOf(
  { files: { record, specs, isStill } }: Source,
  { templates }: CopyParts,
): Promise<Omit<Manifest, 'templates' | 'mounts' | 'outside'>> {
  const { name, uuid, ctid, autostart, hostname, lastReason, ids } = record;
  const layers = [];
  for (const { key, target, source: template } of specs) {
    const { digest } = await templates.get(template);
    const tree = await templates.treeOf(template);
    layers.push({ key, target, template: { name: template, digest, tree } });
  }
  return {
    name,
    uuid,
    ctid,
    createdAt: new Date().toISOString(),
    autostart,
    hasRun: lastReason !== 'unknown' || !isStill,
    hostname,
    ids: { base: 0, count: ids?.count ?? RANGE_SIZE },
    layers,
  };
}

/** What a folder of the host was at that time nobody knows. */
function refuseMixed({ snapshot, withMounts }: Archiving): void {
  if (snapshot !== undefined && withMounts === true)
    throw new EngineError(
      'invalid',
      'a snapshot has none of the folders of the host: --with-mounts goes without --snapshot',
    );
}

async function write(
  { record }: Entry,
  target: string,
  { signal, onProgress, ...archiving }: Archiving & Watched,
  parts: CopyParts,
): Promise<DomainArchive> {
  const { snapshot } = archiving;
  refuseMixed(archiving);
  const wanted = { snapshot, wanted: isMade, signal, onProgress };
  return await withStillFiles(record.uuid, wanted, parts, async (files, frozenMs) => {
    const packing = { ...archiving, signal, onBytes: tellingBytes('pack', files, onProgress) };
    const { archive, outside, remarks } = await archived(files, packing, parts);
    const bytes = packedArchive(archiveBlocks(archive, { limits }), signal);
    const held = () => occupiedBy(files.specs, files.from);
    const sizeBytes = await writeArchive(bytes, target, { signal, held });
    return { sizeBytes, outside: [...outside], remarks, frozenMs };
  });
}

/** Its bytes as they are read; resolves once it is known that there will be some. */
async function stream(ref: DomainRef, archiving: Archiving, parts: CopyParts): Promise<ExecSession> {
  const { snapshot } = archiving;
  refuseMixed(archiving);
  const gone = new AbortController();
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.resume();
  return await new Promise((resolve, reject) => {
    const ended = asJob(
      ref,
      'export',
      { signal: gone.signal },
      parts,
      async ({ record }, { signal, onProgress }) => {
        const wanted = { snapshot, wanted: isMade, signal, onProgress };
        return await withStillFiles(record.uuid, wanted, parts, async (files, frozenMs) => {
          const packing = { ...archiving, signal, onBytes: tellingBytes('pack', files, onProgress) };
          const { archive, outside, remarks } = await archived(files, packing, parts);
          resolve({
            stdin,
            stdout,
            stderr,
            exited,
            resize: () => undefined,
            signal: () => gone.abort(),
            kill: () => gone.abort(),
          });
          // Who reads it may stand still, or be gone.
          await pipeline(packedArchive(archiveBlocks(archive, { limits }), signal), stdout, { signal });
          const left = outside.map(
            (one) => `not in the archive, since it is the host's: ${outsideInWords(one)}`,
          );
          const waited = frozenMs === null ? [] : [`its writes waited ${frozenMs} ms`];
          return { isWhole: left.length === 0, told: [...waited, ...left, ...remarks] };
        });
      },
    );
    const exited = ended.then(
      ({ isWhole, told }) => {
        stderr.end(told.map((text) => `${text}\n`).join(''));
        return isWhole ? 0 : 1;
      },
      (error: unknown) => {
        stdout.destroy();
        stderr.end(`the archive is incomplete: ${error instanceof Error ? error.message : String(error)}\n`);
        return FAILED;
      },
    );
    // Whoever has the session by then hears of it there.
    ended.catch(reject);
  });
}

/** Status of a stream that ends before its archive does. */
const FAILED = 2;

/** In a turn of the domain's. */
async function clone(
  entry: Entry,
  name: string,
  { snapshot, signal, onProgress }: OfSnapshot & Watched,
  parts: CopyParts,
): Promise<CopiedDomain> {
  const { registry } = parts;
  // Before the wait: who is copied to a name that is there would wait for one that may wait for him.
  if (registry.byName(name) !== undefined)
    throw new EngineError('exists', `domain '${name}' is already defined`, { holder: name });
  registry.checkCalled(name, undefined);
  const { record } = entry;
  const remarks: string[] = [];
  const files = await filesOf(entry, { snapshot, wanted: isMade }, parts);
  refuseForeign(files);
  const { hostname, ...unnamed } = asAnother({ ...files.domain, name }, remarks);
  let frozenMs: number | null = null;
  const fill: FillRoot = async (root) => {
    frozenMs = await fillFrom(files, root, { signal, onProgress, remarks }, parts);
    const spec = root.specs.find(({ target }) => target === '/');
    if (spec !== undefined) await forgetIn(spec, root.context, parts);
  };
  if (hostname !== undefined) remarks.push(`its host name is '${name}', not '${hostname}'`);
  const earlierHostnames = [...(record.earlierHostnames ?? []), record.hostname];
  const fresh = { autostart: false, earlierHostnames, fill };
  const done = await tellingRoom(copiedOf({ ...files, name: record.name }), () =>
    made(unnamed, { remarks, parts, fresh }),
  );
  return { ...done, frozenMs };
}

/** Copies the layers as they lie where both have the container's own ids and are kept alike, and file by file elsewhere. */
async function fillFrom(
  files: DomainFiles,
  { specs, context, make }: MadeRoot,
  { remarks, ...watched }: Pick<FilesWanted, 'signal' | 'onProgress'> & { readonly remarks: string[] },
  parts: CopyParts,
): Promise<number | null> {
  const { signal, onProgress } = watched;
  const isAlike = ({ target }: FilesystemSpec): boolean => {
    const [theirs, own] = [files.from.layerOf(target), context.layerOf(target)];
    return theirs?.ids === 'container' && own?.ids === 'container' && theirs.layer === own.layer;
  };
  const isThere = (spec: FilesystemSpec): boolean => files.specs.some(({ target }) => target === spec.target);
  const isWhole = files.specs.every(isAlike);
  for (const spec of specs) if (!isWhole || !isThere(spec)) await make(spec);
  if (isWhole) {
    remarks.push(...(await flagsOf(files)));
    return await copyOut(files, { to: context.keep, toRun: true, ...watched }, parts);
  }
  return await withStill(files, watched, parts, async (still, frozenMs) => {
    const { layer } = sourceOf(still, parts, remarks);
    const packing = { signal, onBytes: tellingBytes('copy', still, onProgress) };
    for (const spec of specs) {
      const from = still.specs.find(({ target }) => target === spec.target);
      if (from === undefined) continue;
      await fillLayer(spec, context, layer(from, packing), { limits, signal }, parts);
    }
    return frozenMs;
  });
}
