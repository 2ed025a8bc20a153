// A domain of an archive: of our own, or of one that others wrote.
// SPDX-License-Identifier: Apache-2.0
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type { ArchiveNames, ArchivePlaces, CopiedDomain } from '@ctvirt/api';
import { type ReportRow, startOrderOf } from '@ctvirt/formats';
import { type Domain, parseDomain } from '@ctvirt/xml';
import { asLayer, type ForeignArchive, readForeign } from '../archives/foreign.js';
import { unpackLayer } from '../archives/layers.js';
import type { Manifest } from '../archives/manifest.js';
import { ArchiveReader } from '../archives/read.js';
import { treeArchive } from '../archives/templates.js';
import type { OnProgress, Watched } from '../contract.js';
import { EngineError } from '../errors.js';
import { emptyTree, removeTree, syncAll } from '../host/files.js';
import { isErrno } from '../host/gone.js';
import { requireTrusted } from '../host/trusted.js';
import { Undo } from '../host/undo.js';
import { asAnother } from '../lifecycle/another.js';
import { filesystemsOf } from '../lifecycle/document.js';
import { parentsOf } from '../lifecycle/links.js';
import { withTemplates } from '../lifecycle/template-names.js';
import { absent } from '../network/strangers.js';
import { checkName } from '../state/names.js';
import { refuse, TemplateError } from '../templates/archive/errors.js';
import { MeasuredSource, type OpenSource, openSource } from '../templates/archive/source.js';
import type { TarEntry } from '../templates/archive/tar-reader.js';
import { type CopyParts, fillLayer, fitIn, forgetIn, limits, made } from './copy-making.js';
import { ctidOf, type FillRoot, type Fresh, type MadeRoot } from './definer.js';
import { type Copied, tellingRoom } from './room.js';

/** One way through the bytes of an archive. */
class OpenArchive implements AsyncDisposable {
  /** Told how far it is; whose job it is may change. */
  report: OnProgress | undefined;
  readonly #cancel = (): void => void this.opened.stream.destroy(new Error('cancelled'));

  private constructor(
    private readonly opened: OpenSource,
    private readonly measured: MeasuredSource,
    private readonly signal: AbortSignal | undefined,
  ) {
    signal?.addEventListener('abort', this.#cancel);
  }

  #reader: ArchiveReader | undefined;
  get reader(): ArchiveReader {
    if (this.#reader === undefined) throw new TypeError('it is not open');
    return this.#reader;
  }

  /** How much of it was read, from 0 to 1; undefined where its length is not known. */
  get part(): number | undefined {
    const { sizeBytes } = this.opened;
    return sizeBytes === undefined ? undefined : this.measured.bytes / sizeBytes;
  }

  /** For who has no room for any of it. */
  get copied(): Copied {
    return {
      what: 'the files of the archive, packed,',
      bytes: () => this.opened.sizeBytes ?? this.reader.bytes,
    };
  }

  static async open(from: string | Readable, { signal, onProgress }: Watched): Promise<OpenArchive> {
    const opened = await openSource(from);
    const measured = new MeasuredSource(opened.stream, {}, limits.archiveBytes);
    const archive = new OpenArchive(opened, measured, signal);
    archive.report = onProgress;
    try {
      archive.#reader = await ArchiveReader.open(archive.#watched(), limits, signal);
    } catch (error) {
      await archive[Symbol.asyncDispose]();
      throw error;
    }
    return archive;
  }

  async *#watched(): AsyncGenerator<Buffer> {
    const { sizeBytes: total } = this.opened;
    for await (const chunk of this.measured.chunks()) {
      this.report?.({
        phase: 'unpack',
        done: this.measured.bytes,
        ...(total !== undefined && { total }),
      });
      yield chunk;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal?.removeEventListener('abort', this.#cancel);
    await this.#reader?.close();
    this.opened.stream.destroy();
  }
}

type Importing = ArchiveNames & ArchivePlaces & Watched;

/** What is taken is refused when the archive's beginning is read, before anything is written. */
export async function importDomain(
  from: string | Readable,
  options: Importing,
  parts: CopyParts,
): Promise<CopiedDomain> {
  const { name, signal } = options;
  if (name !== undefined) checkName(name);
  try {
    await using archive = await OpenArchive.open(from, options);
    const first = await archive.reader.begins();
    if (first === 'manifest.json') return await importOwn(archive, options, parts);
    const foreign = await readForeign(archive.reader.members(), first);
    if (!foreign.isLate) return await importForeign({ archive, foreign, from }, options, parts);
    if (typeof from !== 'string')
      throw refuse(
        'source',
        'the configuration of this archive does not come before its files: name the file itself, to be read twice',
      );
    await using again = await OpenArchive.open(from, options);
    return await importForeign({ archive: again, foreign, from }, options, parts);
  } catch (cause) {
    if (signal?.aborted === true)
      throw new EngineError('interrupted', 'the import was cancelled; nothing was kept', {}, { cause });
    throw cause;
  }
}

/** Fills the layers of a domain that is to come, in a job of its own. */
function filling(
  archive: OpenArchive,
  watched: Watched,
  { jobs }: CopyParts,
  fill: (root: MadeRoot, signal: AbortSignal) => Promise<void>,
): FillRoot {
  return async (root) => {
    const put = async ({ signal, onProgress }: Required<Watched>): Promise<void> => {
      archive.report = onProgress;
      try {
        for (const spec of root.specs) await root.make(spec);
        await fill(root, signal);
      } catch (cause) {
        throw isFullDisk(cause) && !signal.aborted ? noRoom(cause, archive) : cause;
      }
    };
    await jobs.run({ record: root.record }, 'import', put, watched);
  };
}

async function importOwn(
  archive: OpenArchive,
  { name, newIds = false, mounts = [], ...watched }: Importing,
  parts: CopyParts,
): Promise<CopiedDomain> {
  const { reader } = archive;
  const { manifest, xml } = await reader.head();
  const document = withPlaces(documentOf(manifest, xml), manifest, mounts);
  const remarks: string[] = [];
  refuseTaken(called(document, { name, newIds, remarks: [] }), parts);
  await using undo = new Undo();
  for (const { source } of mounts) await makeEmpty(source, undo);
  const brought = await bringTemplates(archive, manifest, { signal: watched.signal, remarks }, parts);
  const given = await placedOn(manifest, document, brought, parts);
  const domain = called(given, { name, newIds, remarks });
  const fill = filling(archive, watched, parts, async ({ specs, context }, signal) => {
    for (const { key, target } of manifest.layers) {
      const spec = specs.find((one) => one.key === key && one.target === target);
      if (spec === undefined)
        throw new EngineError('invalid', `the archive has a layer of ${target}, and its document has none`);
      await fillLayer(spec, context, reader.layer(key), { limits, signal }, parts);
      if (newIds && target === '/') await forgetIn(spec, context, parts);
    }
    for (const { key, target } of manifest.mounts) {
      const place = mounts.find((one) => one.target === target);
      if (place !== undefined) await unpackFolder(reader.mount(key), place.source, signal);
      else {
        for await (const _ of reader.mount(key));
        remarks.push(
          `the archive has the files of ${target}, and they are nowhere now: --mount DIRECTORY:${target} puts them there`,
        );
      }
    }
    // Whatever is wrong until here leaves nothing.
    await reader.end();
  });
  const fresh: Fresh = {
    autostart: !newIds && manifest.autostart,
    hasRun: !newIds && manifest.hasRun,
    ...(!newIds && ctidOf(domain) === undefined && manifest.ctid !== null && domain.type === 'openvz'
      ? { ctid: manifest.ctid }
      : {}),
    ...(domain.name !== manifest.name && { earlierHostnames: [manifest.hostname] }),
    fill,
  };
  remarks.push(...absent(parentsOf(domain)));
  const done = await tellingRoom(archive.copied, () => made(domain, { remarks, parts, fresh }));
  undo.keep();
  // Their folders are here now, and what they had there is in them.
  const outside = done.outside.filter(
    ({ kind, target }) => kind !== 'mount' || !mounts.some((one) => one.target === target),
  );
  return { ...done, outside };
}

type Places = NonNullable<ArchivePlaces['mounts']>;

/** With its folders where they are to be here. */
function withPlaces(domain: Domain, manifest: Manifest, mounts: Places): Domain {
  const other = mounts.find(({ target }) => !manifest.mounts.some((one) => one.target === target));
  if (other !== undefined)
    throw new EngineError(
      'invalid',
      `the archive has no files of ${other.target}${manifest.mounts.length === 0 ? ': export --with-mounts puts them there' : ''}`,
    );
  const filesystems = (domain.devices.filesystems ?? []).map((filesystem) => {
    const place = mounts.find(({ target }) => target === filesystem.target?.dir);
    return place === undefined || filesystem.type !== 'mount'
      ? filesystem
      : { ...filesystem, source: { ...filesystem.source, dir: place.source } };
  });
  return mounts.length === 0 ? domain : { ...domain, devices: { ...domain.devices, filesystems } };
}

/**
 * A folder of the host that nobody has anything in, and that root alone can put another one in the place of; what is put there until
 * `undo` ends is taken out again.
 */
async function makeEmpty(folder: string, undo: Undo): Promise<void> {
  if (!folder.startsWith('/')) throw new EngineError('invalid', `'${folder}' is no absolute path`);
  requireTrusted(dirname(folder));
  const isNew = await mkdir(folder, { mode: 0o755 }).then(
    () => true,
    (error: unknown) => {
      if (isErrno(error, 'EEXIST')) return false;
      throw isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')
        ? new EngineError(
            'not-found',
            `the folder that ${folder} is to be in is not there`,
            {},
            { cause: error },
          )
        : error;
    },
  );
  if (!isNew && (!(await lstat(folder)).isDirectory() || (await readdir(folder)).length > 0))
    throw new EngineError('exists', `${folder} is there, and no empty folder`);
  undo.push(() => (isNew ? removeTree(folder) : emptyTree(folder)));
}

async function unpackFolder(
  entries: AsyncIterable<TarEntry>,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const sync = (): Promise<void> => syncAll(path);
  const plain = asLayer(entries, () => undefined);
  await unpackLayer(plain, { path, within: (start) => start(), sync }, { limits, signal });
}

/** Before a template is brought that nobody would need. */
function refuseTaken({ name, uuid }: Domain, { registry, roots }: CopyParts): void {
  roots.refuseGiven(uuid);
  if (registry.byName(name) !== undefined)
    throw new EngineError(
      'exists',
      `domain '${name}' is already defined: \`--name NEW --new-ids\` makes another one of the archive`,
      { holder: name },
    );
  registry.checkCalled(name, uuid);
}

/**
 * Templates that are not here yet, judged as any archive of one, and known by the digest of their own trees: what a stranger's archive
 * says that they were made of is no reason to take them for that. Returns what each is called here, by the digest the manifest has.
 */
async function bringTemplates(
  { reader }: OpenArchive,
  { templates: archived }: Manifest,
  { signal, remarks }: { readonly signal: AbortSignal | undefined; readonly remarks: string[] },
  { templates }: CopyParts,
): Promise<ReadonlyMap<string, string>> {
  const brought = new Map<string, string>();
  for (const [index, { name, digest, tree }] of archived.entries()) {
    const members = reader.template(index);
    const here = (await templates.ofDigest(digest, name, tree)) ?? (await templates.ofDigest(tree, name));
    if (here === undefined) {
      const made = await templates.bring(name, treeArchive(members), { digest: tree, signal });
      remarks.push(`template '${made.name}' came with the archive`);
      brought.set(digest, made.name);
    } else {
      for await (const _ of members);
      brought.set(digest, here.name);
    }
  }
  return brought;
}

function called(
  domain: Domain,
  {
    name,
    newIds,
    remarks,
  }: { readonly name: string | undefined; readonly newIds: boolean; readonly remarks: string[] },
): Domain {
  const renamed = { ...domain, name: name ?? domain.name };
  return newIds ? asAnother(renamed, remarks) : renamed;
}

/** What stands for a name until one is known: no domain can be called so. */
const UNNAMED = '/';

/** One that others wrote: its root has no template below it, and is a layer above an empty one. */
async function importForeign(
  {
    archive,
    foreign,
    from,
  }: { readonly archive: OpenArchive; readonly foreign: ForeignArchive; readonly from: string | Readable },
  { name, newIds = false, mounts = [], ...watched }: Importing,
  parts: CopyParts,
): Promise<CopiedDomain> {
  if (mounts.length > 0)
    throw new EngineError(
      'invalid',
      `an archive of ${foreign.by} has no folders of its host: --mount goes without`,
    );
  const { pageSize, hostCpus } = parts.facts;
  const ctid = ctidIn(from);
  const template = await parts.templates.empty();
  const read = foreign.read({
    name: (foreign.by === 'OpenVZ' ? ctid : undefined) ?? name ?? UNNAMED,
    template: template.name,
    pageSize,
    cpus: hostCpus,
  });
  const remarks = [
    `its files are those of an archive of ${foreign.by}: its root has no template, and is all its own`,
    ...read.report.flatMap(remarkOn),
  ];
  const domain = called(read.domain, { name, newIds, remarks });
  if (domain.name === UNNAMED || domain.name === '')
    throw new EngineError('invalid', 'the archive does not say what its domain is called: --name does');
  const tell = (remark: string): void => void remarks.push(remark);
  const fill = filling(archive, watched, parts, async ({ specs, context }, signal) => {
    const spec = specs.find(({ target }) => target === '/');
    if (spec === undefined) throw new TypeError('it has no root');
    const entries = someOf(asLayer(foreign.root(archive.reader.members(), tell), tell));
    await fillLayer(spec, context, entries, { limits, signal }, parts);
    for (const change of await fitIn(spec, context, parts)) tell(change);
    if (newIds) await forgetIn(spec, context, parts);
    if (archive.reader.droppedAttributes > 0)
      tell(`${archive.reader.droppedAttributes} extended attributes of its host's are left out`);
  });
  const isSame = !newIds && domain.type === 'openvz' && ctidOf(domain) === undefined && ctid !== undefined;
  const fresh: Fresh = {
    autostart: !newIds && read.autostart === true,
    hasRun: !newIds,
    ...(isSame && { ctid: Number(ctid) }),
    ...startOrderOf(domain),
    fill,
  };
  remarks.push(...absent(parentsOf(domain)));
  const done = await tellingRoom(archive.copied, () => made(domain, { remarks, parts, fresh }));
  return { ...done, outside: [...done.outside, ...read.left] };
}

/** As vzdump calls its files. */
const ctidIn = (from: string | Readable): string | undefined =>
  typeof from === 'string' ? /^vzdump-(?:openvz-)?([1-9]\d{0,9})[-.]/.exec(basename(from))?.[1] : undefined;

const remarkOn = ({ status, key, file, line, how }: ReportRow): string[] =>
  status === 'carried' ? [] : [`${key} (${file}${line === 0 ? '' : `:${line}`}): ${how}`];

async function* someOf(entries: AsyncIterable<TarEntry>): AsyncGenerator<TarEntry> {
  let isEmpty = true;
  for await (const entry of entries) {
    isEmpty = false;
    yield entry;
  }
  if (isEmpty) throw refuse('format', 'the archive holds no files of a container');
}

const isFullDisk = (cause: unknown): boolean =>
  (cause instanceof TemplateError || cause instanceof EngineError) && cause.code === 'no-space';

/** What all of an archive takes is worked out of the part that was read, where that is known. */
function noRoom(cause: unknown, { reader, part }: OpenArchive): EngineError {
  const needed = reader.bytesOf(part ?? 1);
  const all = `${part === undefined ? 'more than' : 'about'} ${needed}`;
  return new EngineError(
    'no-space',
    `there is no room for the files of the archive: they need ${all} bytes, and the disk was full when ${reader.bytes} of them were read; nothing was kept; free some space, then try again`,
    { needed },
    { cause },
  );
}

/** The document of an archive, which is to say the same as its manifest. */
function documentOf(manifest: Manifest, xml: string): Domain {
  const { domain, findings } = parseDomain(xml);
  if (domain === undefined)
    throw new EngineError('invalid', `the archive's document is none: ${findings[0]?.message ?? ''}`, {
      findings,
    });
  if (domain.name !== manifest.name || domain.uuid !== manifest.uuid)
    throw new EngineError('invalid', "the archive's document and its manifest are of different domains");
  const made = filesystemsOf(domain).filter(({ kind }) => kind === 'template');
  const lacking = made.find(({ key }) => !manifest.layers.some((layer) => layer.key === key));
  if (lacking !== undefined)
    throw new EngineError('invalid', `the archive has no layer of ${lacking.target}, which its document has`);
  return domain;
}

/** On the templates of this host that are the same, byte for byte, whatever they are called here. */
async function placedOn(
  manifest: Manifest,
  domain: Domain,
  brought: ReadonlyMap<string, string>,
  { templates }: CopyParts,
): Promise<Domain> {
  const names = new Map<string, string>();
  for (const { target, template } of manifest.layers) {
    const known = brought.get(template.digest);
    const { digest, name, tree } = template;
    const found = known ?? (await templates.ofDigest(digest, name, tree))?.name;
    if (found === undefined)
      throw new EngineError(
        'not-found',
        `the archive stands on template '${template.name}' (${template.digest}), which is not here: import that first; no other one will do`,
        { name: template.name },
      );
    names.set(target, found);
  }
  return withTemplates(domain, names);
}
