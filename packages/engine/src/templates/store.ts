// Keeps templates: unpacked root trees under one private folder, each made whole or not at all.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  exchange,
  readIfThere,
  removeTree as removeFiles,
  syncDirectory,
  writeAtomically,
} from '../host/files.js';
import { isErrno } from '../host/gone.js';
import { run } from '../host/run.js';
import {
  refuse,
  TemplateError,
  type TemplateErrorCode,
  type TemplateErrorDetails,
} from './archive/errors.js';
import { DEFAULT_LIMITS } from './archive/limits.js';
import { buildDebian, type DebianOptions } from './build-debian.js';
import { makeBusyboxArchive } from './busybox.js';
import { type Exported, packedTree, type TreeToWrite, type Writing } from './image/pack.js';
import { writeOciImage } from './image/write.js';
import { writeLxcImage } from './image/write-lxc.js';
import { type Imported, type ImportOptions, importArchive, type Places } from './import-archive.js';
import { formatRecord, parseRecord, type Template } from './record.js';
import { sameSource } from './same-source.js';
import {
  nextReplaced,
  parseNewName,
  parseTemplateName,
  replacedName,
  type TemplateName,
} from './template-name.js';

const RECORD = 'template.json';
const FROM_ELSEWHERE = 'came with a domain from another host, which says of what archive it was made';
const ROOT = 'rootfs';
const SCRATCH = 'scratch';
/** In one that took another's place: what that is called now, for as long as somebody who stands on it may still call it as before. */
const REPLACES = 'replaces';
// A template's name never begins with a dot, so these never collide with one.
const PARTIAL = '.partial-';

/** What a store is built from. */
export interface TemplateStoreOptions {
  /** Folder of the store, made if missing, always mode 0700: the trees hold setuid files owned by root. */
  dir: string;
  now?: () => Date;
  log?: (message: string) => void;
  /** The static busybox the embedded template is made of. */
  busybox?: string;
  /** Takes out of an unpacked tree what only one system may have. */
  clean?: (root: string) => void | Promise<void>;
  /** Makes a tree that is no image's fit, and returns what it changed. */
  fit?: (root: string) => Promise<readonly string[]>;
  users?: TemplateUsers;
}

/** Who stands on templates. */
export interface TemplateUsers {
  /** In words. */
  of(name: string): string[];
  /** All who name the one name the other from now on; may find it half done by a daemon that was killed. */
  move(from: string, to: string): Promise<void>;
}

const nobody: TemplateUsers = { of: () => [], move: async () => {} };

interface Making {
  /** In place of the template of the name. */
  replaces?: true;
  /** Whether its tree is one of a template already, and stays as it is: layers stand on it. */
  asIs?: true;
}

/** What else an import may do. */
export interface Importing extends ImportOptions {
  /** Takes the template that was made of the same bytes, if there is one, in place of a new one. */
  reuse?: boolean;
  /** Reads and judges all, and tells what the template would be; nothing is kept. */
  dryRun?: boolean;
}

/** How a template is made again. */
export interface UpdateOptions extends Pick<ImportOptions, 'onProgress' | 'signal'> {
  /** Beside it, under this name, and the one that is there stays. */
  as?: string;
}

/** How a template is written. */
export interface ExportOptions extends Pick<ImportOptions, 'onProgress' | 'signal'> {
  /** As OCI's layout, if absent, or as LXC's and Incus' servers hand one out. */
  format?: 'oci' | 'lxc';
}

/** The templates of one daemon; one store object per folder at a time. */
export class TemplateStore {
  readonly #dir: string;
  readonly #now: () => Date;
  readonly #log: (message: string) => void;
  readonly #busybox: string;
  readonly #clean: (root: string) => void | Promise<void>;
  readonly #fit: (root: string) => Promise<readonly string[]>;
  readonly #users: TemplateUsers;
  readonly #changing = new Set<TemplateName>();
  /** Replaced ones, by the name that some of their users may still have for them. */
  readonly #moving = new Map<TemplateName, TemplateName>();

  constructor(options: TemplateStoreOptions) {
    this.#dir = options.dir;
    this.#now = options.now ?? (() => new Date());
    this.#log = options.log ?? (() => {});
    this.#busybox = options.busybox ?? '/usr/bin/busybox';
    this.#clean = options.clean ?? (() => {});
    this.#fit = options.fit ?? (async () => []);
    this.#users = options.users ?? nobody;
  }

  /** Makes the folder if needed, removes what interrupted imports left, and ends what an update began; returns the names removed. */
  async recover(): Promise<string[]> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await chmod(this.#dir, 0o700);
    const stray = (await readdir(this.#dir)).filter((entry) => entry.startsWith(PARTIAL));
    for (const entry of stray) {
      this.#log(`removing ${entry}, left by an interrupted import`);
      await removeTree(join(this.#dir, entry));
    }
    for (const entry of await readdir(this.#dir)) {
      const replaced = await readIfThere(join(this.#dir, entry, REPLACES)).catch(notThere);
      if (replaced === undefined) continue;
      if (replaced === entry) {
        // It was to change places with the one that it was made anew of.
        await this.#erase(parseTemplateName(entry));
        stray.push(entry);
        continue;
      }
      const name = parseTemplateName(entry);
      this.#moving.set(name, parseTemplateName(replaced));
      await this.#finish(name).catch((error: unknown) =>
        this.#log(`${name} is ${replaced} for those who are not told of the new one yet: ${String(error)}`),
      );
    }
    return stray;
  }

  /** All templates, by name; what is no template is logged and left out. */
  async list(): Promise<Template[]> {
    const entries = (await readdir(this.#dir)).filter((entry) => !entry.startsWith('.')).sort();
    const read = entries.map(async (entry) => {
      try {
        return await this.#read(parseTemplateName(entry));
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        this.#log(`${join(this.#dir, entry)} is no template: ${error.message}`);
        return undefined;
      }
    });
    return (await Promise.all(read)).filter((template) => template !== undefined);
  }

  /** One template; throws `not-found`. */
  async get(name: string): Promise<Template> {
    return this.#read(parseTemplateName(name));
  }

  /** Absolute path of the unpacked tree, owners as in the archive; it exists if `get` succeeds. */
  rootfs(name: string): string {
    const safe = parseTemplateName(name);
    return join(this.#dir, this.#moving.get(safe) ?? safe, ROOT);
  }

  /**
   * Imports an archive: `source` is a file's path, opened once, or the bytes themselves. Throws `invalid` with a
   * reason for everything hostile, damaged or not as expected; nothing is kept then.
   */
  async import(
    name: string,
    source: string | Readable,
    { reuse = false, dryRun = false, ...options }: Importing & Making = {},
  ): Promise<Template> {
    const fill = async (places: Places) => ({
      ...(await importArchive(source, places, options)),
      ...(options.image !== undefined && { reference: options.image }),
    });
    if (reuse && typeof source === 'string') {
      // Nobody new comes to stand on an earlier one.
      const current = (await this.list()).filter((one) => replacedName(one.name) === undefined);
      const same = await sameSource(source, current, options).catch((cause: unknown) => {
        throw this.#importFault(cause, name, options.signal);
      });
      if (same !== undefined) return same;
    }
    return dryRun ? this.#look(name, options, fill) : this.#make(name, options, fill);
  }

  /** What a template of the name would be. */
  async #look(
    name: string,
    { signal }: Pick<ImportOptions, 'signal'>,
    fill: (places: Places) => Promise<Imported>,
  ): Promise<Template> {
    const safe = parseNewName(name);
    await this.#refuseTaken(safe);
    const partial = this.#partial();
    try {
      await mkdir(partial, { mode: 0o700 });
      const { entries: _entries, ...facts } = await fill({ scratch: join(partial, SCRATCH) });
      return { name: safe, importedAt: this.#now().toISOString(), ...facts };
    } catch (cause) {
      throw this.#importFault(cause, safe, signal);
    } finally {
      await removeTree(partial);
    }
  }

  /**
   * Makes it again, of what it was made of: in its place, or beside it, under another name. In its place the old one goes, but for one
   * that somebody stands on: that is kept as `NAME~1`, and its users with it.
   */
  async update(name: string, options: UpdateOptions = {}): Promise<Template> {
    const { recipe, source, reference } = await this.get(name);
    const { as, onProgress, signal } = options;
    const making: Pick<ImportOptions, 'onProgress' | 'signal'> & Making = {
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
      ...(as === undefined && { replaces: true }),
    };
    const target = as ?? name;
    if (as === undefined) parseNewName(name);
    if (recipe?.distribution === 'busybox') return this.buildBusybox(target, making);
    if (recipe !== undefined) {
      const { distribution, ...rest } = recipe;
      return this.buildDebian(target, { ...rest, distribution, ...making });
    }
    if (!source.startsWith('/'))
      throw new TemplateError(
        'unsupported',
        `template ${name} was made of nothing that can be read again: import or build the new one under its own name`,
      );
    return this.import(target, source, { ...making, ...(reference !== undefined && { image: reference }) });
  }

  /** Writes down the digest of its tree; not while somebody else changes it, nor of one that was updated since. */
  async keepTree({ name, importedAt }: Pick<Template, 'name' | 'importedAt'>, tree: string): Promise<void> {
    if (this.#changing.has(name)) return;
    await this.#alone(name, async () => {
      const now = await this.#read(name);
      if (now.importedAt !== importedAt) return;
      await writeAtomically(join(this.#dir, name, RECORD), formatRecord({ ...now, tree }), { mode: 0o600 });
    });
  }

  /** Its tree as a tar, for `takeOver` of another store. */
  packed(name: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const tree = { path: this.rootfs(name), name, created: '' };
    return packedTree(tree, { limits: DEFAULT_LIMITS, signal });
  }

  /**
   * Takes over one of another store by its record and its tree, which is judged as any archive. Its digest is that of an archive that
   * is not here: whoever hands it over says so.
   */
  async takeOver(
    name: string,
    record: string,
    tree: Readable,
    check: (root: string) => Promise<void>,
  ): Promise<Template> {
    const { digest, sizeBytes, source, image, recipe, reference, notes } = parseRecord(
      parseNewName(name),
      record,
    );
    return this.#make(name, {}, async (places) => {
      const made = await importArchive(tree, places, {});
      if (places.root !== undefined) await check(places.root);
      return {
        ...{ ...made, digest, sizeBytes, source },
        ...(image && { image }),
        ...(recipe && { recipe }),
        ...(reference !== undefined && { reference }),
        notes: [...notes, ...made.notes, FROM_ELSEWHERE],
      };
    });
  }

  /** Writes it as an image, to a file of the host that is not there yet. */
  async export(name: string, target: string, options: ExportOptions = {}): Promise<Exported> {
    const safe = parseTemplateName(name);
    return this.#alone(safe, async () => {
      const { image, arch, os, importedAt, unpackedBytes } = await this.#read(safe);
      const tree = { path: this.rootfs(safe), name: safe, created: importedAt, arch, os, image };
      return this.exportTree(tree, target, { ...options, mostBytes: unpackedBytes });
    });
  }

  /** The same of any tree; `mostBytes` is what its progress ends at. */
  async exportTree(
    tree: TreeToWrite,
    target: string,
    {
      format = 'oci',
      onProgress,
      signal,
      mostBytes = Number.POSITIVE_INFINITY,
    }: ExportOptions & { mostBytes?: number },
  ): Promise<Exported> {
    if (!target.startsWith('/')) throw refuse('source', `${JSON.stringify(target)} is no absolute path`);
    const partial = this.#partial();
    const writing: Writing = {
      scratch: join(partial, SCRATCH),
      target,
      limits: DEFAULT_LIMITS,
      signal,
      onBytes: (packed) =>
        onProgress?.({ phase: 'pack', doneBytes: Math.min(packed, mostBytes), entries: 0 }),
    };
    try {
      await mkdir(partial, { mode: 0o700 });
      return await (format === 'oci' ? writeOciImage : writeLxcImage)(tree, writing);
    } catch (cause) {
      throw exportFault(cause, tree.name, writing);
    } finally {
      await removeTree(partial);
    }
  }

  /** Gives one that no domain uses another name. */
  async rename(name: string, to: string): Promise<Template> {
    const [safe, next] = [parseTemplateName(name), parseNewName(to)];
    if (safe === next) throw refuse('name', `template ${safe} has that name already`);
    return this.#alone(safe, () =>
      this.#alone(next, async () => {
        await this.#read(safe);
        await this.#refuseTaken(next);
        // In one piece with the rename: who is defined in between would stand on nothing.
        this.#refuseUsed(safe, 'their documents name it');
        renameSync(join(this.#dir, safe), join(this.#dir, next));
        await syncDirectory(this.#dir);
        return this.#read(next);
      }),
    );
  }

  /** The same tree once more, under a name that is free: by sharing blocks where the host's file system can. */
  async copy(name: string, to: string, { signal }: Pick<ImportOptions, 'signal'> = {}): Promise<Template> {
    const safe = parseTemplateName(name);
    return this.#alone(safe, async () => {
      const { name: _name, importedAt: _importedAt, ...facts } = await this.#read(safe);
      return this.#make(to, { ...(signal && { signal }) }, async ({ root = '' }) => {
        await run(['/bin/cp', '-a', '--reflink=auto', '-T', '--', this.rootfs(safe), root], { signal });
        return { ...facts, entries: facts.inodes };
      });
    });
  }

  /** Makes the embedded default template from the host's static busybox. */
  async buildBusybox(
    name: string,
    options: Pick<ImportOptions, 'onProgress' | 'signal'> & Making = {},
  ): Promise<Template> {
    return this.#make(name, options, async (places) => {
      const { archive, source } = await makeBusyboxArchive(this.#busybox);
      const made = await importArchive(Readable.from([archive]), places, { ...options, label: source });
      return { ...made, recipe: { distribution: 'busybox' } };
    });
  }

  /** Builds a root with mmdebstrap, which fetches the distribution's packages, and imports what it made. */
  async buildDebian(name: string, options: DebianOptions & Making = {}): Promise<Template> {
    return this.#make(name, options, (places) => buildDebian(places, options));
  }

  /** Removes a template no domain uses; throws `in-use` with their names otherwise. */
  async remove(name: string): Promise<void> {
    const safe = parseTemplateName(name);
    await this.#alone(safe, async () => {
      await this.#read(safe);
      this.#refuseUsed(safe, 'undefine them first');
      await this.#erase(safe);
    });
  }

  /** The moment it is gone is the rename. */
  async #erase(name: TemplateName): Promise<void> {
    const doomed = this.#partial();
    renameSync(join(this.#dir, name), doomed);
    await syncDirectory(this.#dir);
    await removeTree(doomed);
  }

  #partial(): string {
    return join(this.#dir, `${PARTIAL}${randomBytes(8).toString('hex')}`);
  }

  /** What is thrown where there is no such template. */
  missing(name: string, cause?: unknown): TemplateError {
    const known = readdirSync(this.#dir).filter((entry) => !entry.startsWith('.'));
    const there = known.sort().join(', ') || 'none';
    return new TemplateError(
      'not-found',
      `there is no template '${name}'; known are ${there}, and \`ctvirt template build\` or \`import\` adds one`,
      { name },
      cause,
    );
  }

  async #read(name: TemplateName): Promise<Template> {
    let text: string;
    try {
      text = await readFile(join(this.#dir, name, RECORD), 'utf8');
    } catch (cause) {
      if (!isErrno(cause, 'ENOENT')) throw cause;
      throw this.missing(name, cause);
    }
    return parseRecord(name, text);
  }

  async #alone<T>(name: TemplateName, work: () => Promise<T>): Promise<T> {
    if (this.#changing.has(name)) {
      throw new TemplateError('busy', `template ${name} is being imported or removed just now`);
    }
    this.#changing.add(name);
    try {
      // An update whose end failed, as on a full disk.
      for (const [from, to] of this.#moving) if (from === name || to === name) await this.#finish(from);
      return await work();
    } finally {
      this.#changing.delete(name);
    }
  }

  /** The one way a template comes to be: filled beside its place, synced, then renamed into it. */
  async #make(
    name: string,
    { onProgress, signal, replaces, asIs }: Pick<ImportOptions, 'onProgress' | 'signal'> & Making,
    fill: (places: Places) => Promise<Imported>,
  ): Promise<Template> {
    const safe = parseNewName(name);
    return this.#alone(safe, async () => {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      if (!replaces) await this.#refuseTaken(safe);
      const partial = this.#partial();
      let old: TemplateName | undefined;
      let template: Template;
      try {
        await mkdir(partial, { mode: 0o700 });
        await mkdir(join(partial, ROOT));
        // Whatever the umask: it becomes the root folder of containers where the archive has none.
        await chmod(join(partial, ROOT), 0o755);
        const { entries, ...facts } = await fill({
          root: join(partial, ROOT),
          scratch: join(partial, SCRATCH),
        });
        await removeTree(join(partial, SCRATCH));
        if (!asIs) await this.#clean(join(partial, ROOT));
        // An image of OCI's starts its own program, and is made for any container.
        const changes = facts.image === undefined && !asIs ? await this.#fit(join(partial, ROOT)) : [];
        const notes = [...facts.notes, ...changes];
        template = { name: safe, importedAt: this.#now().toISOString(), ...facts, notes };
        onProgress?.({ phase: 'sync', doneBytes: facts.sizeBytes, totalBytes: facts.sizeBytes, entries });
        await writeFile(join(partial, RECORD), formatRecord(template), { mode: 0o600 });
        old = replaces && nextReplaced(await readdir(this.#dir), safe);
        if (old !== undefined) await writeFile(join(partial, REPLACES), old, { mode: 0o600 });
        // The whole tree must be on disk before its name is: one sync of this file system, not one per file.
        await run(['/usr/bin/sync', '--file-system', '--', partial]);
        signal?.throwIfAborted();
        if (old === undefined) {
          await rename(partial, join(this.#dir, safe));
          await syncDirectory(this.#dir);
        }
      } catch (cause) {
        await removeTree(partial);
        if (isErrno(cause, 'ENOTEMPTY') || isErrno(cause, 'EEXIST')) throw exists(safe);
        throw this.#importFault(cause, safe, signal);
      }
      // From here on what fails is not undone, but done later.
      if (old !== undefined) await this.#replace(partial, safe, old);
      return template;
    });
  }

  /**
   * The moment there is a new one is that at which the two change places. The old one has its new name then; as long as its users do not
   * all call it so, the old name means it, too.
   */
  async #replace(partial: string, name: TemplateName, old: TemplateName): Promise<void> {
    await this.#alone(old, async () => {
      const place = join(this.#dir, old);
      renameSync(partial, place);
      try {
        exchange(place, join(this.#dir, name));
      } catch (error) {
        await this.#erase(old);
        throw error;
      }
      this.#moving.set(name, old);
      await syncDirectory(this.#dir);
      await this.#finish(name);
    });
  }

  /** Who is told of a template from now on is told of the new one; as often as it takes. */
  async #finish(name: TemplateName): Promise<void> {
    const old = this.#moving.get(name);
    if (old === undefined) return;
    while (this.#users.of(name).length > 0) await this.#users.move(name, old);
    // Nobody comes between: who did would stand on the old one, and be taken for one who stands on the new one.
    rmSync(join(this.#dir, name, REPLACES), { force: true });
    syncNow(join(this.#dir, name));
    this.#moving.delete(name);
    if ((await this.#isThere(old)) && this.#users.of(old).length === 0) await this.#erase(old);
  }

  #importFault(cause: unknown, name: string, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted)
      return new TemplateError('cancelled', `import of ${name} was cancelled; nothing was kept`, {}, cause);
    if (isErrno(cause, 'ENOSPC') || isErrno(cause, 'EDQUOT'))
      return new TemplateError('no-space', `no space left in ${this.#dir}; nothing was kept`, {}, cause);
    return cause;
  }

  async #isThere(name: TemplateName): Promise<boolean> {
    return (await lstat(join(this.#dir, name)).catch(absent)) !== undefined;
  }

  async #refuseTaken(name: TemplateName): Promise<void> {
    if (await this.#isThere(name)) throw exists(name);
  }

  #refuseUsed(name: TemplateName, advice: string): void {
    const users = this.#users.of(name);
    if (users.length > 0)
      throw new TemplateError('in-use', `template '${name}' is in use by ${users.join(', ')}: ${advice}`, {
        name,
        users,
      });
  }
}

const exists = (name: TemplateName): TemplateError =>
  new TemplateError('exists', `template ${name} exists: remove it first or take another name`);

function exportFault(cause: unknown, name: string, { target, signal }: Writing): unknown {
  const fault = (code: TemplateErrorCode, message: string, details: TemplateErrorDetails = {}) =>
    new TemplateError(code, message, details, cause);
  if (signal?.aborted) return fault('cancelled', `export of ${name} was cancelled; nothing was kept`);
  if (isErrno(cause, 'EEXIST'))
    return fault('exists', `there is a file ${target}: another name, or it goes first`);
  if (isErrno(cause, 'ENOSPC') || isErrno(cause, 'EDQUOT'))
    return fault('no-space', `no space left for ${target}; nothing was kept`);
  if (isErrno(cause, 'ENOENT') || isErrno(cause, 'ENOTDIR'))
    return fault('not-found', `the folder of ${target} is not there`, { reason: 'source' });
  return cause;
}

function absent(error: unknown): undefined {
  if (!isErrno(error, 'ENOENT')) throw error;
}

/** Where a file was put in a folder's place. */
function notThere(error: unknown): undefined {
  if (!isErrno(error, 'ENOTDIR')) throw error;
}

function syncNow(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Removes a tree of any owners and modes without following links or entering mounts. */
async function removeTree(path: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await removeFiles(path);
      return;
    } catch (error) {
      // A tar killed a moment ago may still end its last write.
      if (tries === 5) throw error;
      await sleep(20 * tries);
    }
  }
}
