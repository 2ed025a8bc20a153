// The template store as the engine's frontends see it: with who uses each, and the engine's own errors.
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Template, TemplateExport } from '@ctvirt/api';
import { treeDigest } from './archives/templates.js';
import type { Engine, OnProgress } from './contract.js';
import { type EngineCode, EngineError } from './errors.js';
import { forgetIdentity } from './guest/identity.js';
import { fitForContainer } from './guest/made-for-others.js';
import type { TemplateUsers } from './template-users.js';
import { DOMAIN_LIMITS as limits } from './templates/archive/limits.js';
import { EMPTY, emptyArchive, emptyDigest } from './templates/empty.js';
import {
  formatRecord,
  replacedName,
  type Template as StoredTemplate,
  TemplateError,
  TemplateStore,
  type TreeToWrite,
} from './templates/index.js';

type Templates = Engine['templates'];
type ImportOptions = Parameters<Templates['import']>[2];
type ExportOptions = Parameters<Templates['export']>[2];
type UpdateOptions = Parameters<Templates['update']>[1];
type BuildOptions = Parameters<Templates['buildDebian']>[1];

/** Lists, makes and removes templates; one that is in use is not removed. */
export class TemplateCatalog implements Templates {
  readonly #store: TemplateStore;
  #working = 0;
  /** One makes it at a time. */
  #empty: Promise<void> = Promise.resolve();

  constructor(
    folder: string,
    private readonly users: TemplateUsers,
    log: (message: string) => void,
  ) {
    this.#store = new TemplateStore({ dir: folder, log, clean: forgetIdentity, fit: fitForContainer, users });
  }

  recover(): Promise<string[]> {
    return translated(() => this.#store.recover());
  }

  /** Absolute path of an unpacked template. */
  path(name: string): string {
    return translatedNow(() => {
      const path = this.#store.rootfs(name);
      if (!existsSync(path)) throw this.#store.missing(name);
      return path;
    });
  }

  list(): Promise<Template[]> {
    return translated(async () => {
      const templates = await this.#store.list();
      const users = this.users.all();
      return templates.map((template) => viewOf(template, users.get(template.name)));
    });
  }

  get(name: string): Promise<Template> {
    return translated(async () => this.#view(await this.#store.get(name)));
  }

  /**
   * The same as one elsewhere: made of the same bytes, or, where `tree` is said, with the same tree, whatever it came in and is called; one
   * of the name before all others. What others say theirs was made of counts for nothing else. The empty one is made where it is missing.
   */
  ofDigest(digest: string, name: string, tree?: string): Promise<StoredTemplate | undefined> {
    return digest === emptyDigest ? this.empty() : this.known(digest, name, tree);
  }

  /** The same, and none is made. */
  known(digest: string, name: string, tree?: string): Promise<StoredTemplate | undefined> {
    return translated(() => this.#ofDigest(digest, name, tree));
  }

  async #ofDigest(digest: string, name: string, tree?: string): Promise<StoredTemplate | undefined> {
    const all = (await this.#store.list()).sort((a, b) => Number(b.name === name) - Number(a.name === name));
    const same = all.find((one) => one.digest === digest);
    if (same !== undefined || tree === undefined) return same;
    // One that nobody asked for its tree is asked where it has the name: to read all of them could take minutes.
    for (const one of all)
      if ((one.tree ?? (one.name === name ? await this.treeOf(name) : undefined)) === tree) return one;
    return undefined;
  }

  /** The digest of its tree: read once. */
  async treeOf(name: string, signal?: AbortSignal): Promise<string> {
    return await translated(async () => {
      const template = await this.#store.get(name);
      if (template.tree !== undefined) return template.tree;
      const tree = await treeDigest(this.path(name), { limits, signal });
      await this.#store.keepTree(template, tree);
      return tree;
    });
  }

  /** The template with nothing in it, which is made where it is missing. */
  empty(): Promise<StoredTemplate> {
    const found = this.#empty.then(async () => {
      const known = await this.#ofDigest(emptyDigest, EMPTY);
      if (known !== undefined) return known;
      const label = 'nothing: the root of who stands on it is all its own';
      return await this.#store.import(EMPTY, Readable.from([emptyArchive]), { label });
    });
    this.#empty = found.then(ignored, ignored);
    return this.#work(() => found);
  }

  /** One whose tree came with a domain, under a name that is free; throws `invalid` if it has not this digest. */
  bring(
    name: string,
    tree: AsyncIterable<Buffer>,
    { digest, signal }: { readonly digest: string; readonly signal?: AbortSignal | undefined },
  ): Promise<StoredTemplate> {
    return this.#work(async () => {
      const taken = new Set<string>((await this.#store.list()).map((one) => one.name));
      let free = name;
      for (let more = 2; taken.has(free); more++) free = `${name}-${more}`;
      const label = `the archive of a domain, where it was called ${name}`;
      const source = Readable.from(tree, { objectMode: false });
      const made = await this.#store.import(free, source, {
        digest,
        label,
        asIs: true,
        ...(signal && { signal }),
      });
      await this.#store.keepTree(made, digest);
      return made;
    });
  }

  /** What a template of an image starts. Who uses it is not looked up: that takes a look at all domains. */
  imageOf(name: string): Promise<Template['image']> {
    return translated(async () => (await this.#store.get(name)).image);
  }

  import(name: string, source: string | Readable, options: ImportOptions = {}): Promise<Template> {
    return this.#work(async () => this.#view(await this.#store.import(name, source, withProgress(options))));
  }

  /** What is recorded of it, for another host's engine. */
  record(name: string): Promise<string> {
    return translated(async () => formatRecord(await this.#store.get(name)));
  }

  /** Its tree, for the same. */
  packed(name: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    return this.#store.packed(name, signal);
  }

  /** Another host's, by its record and tree; `check` looks at what was unpacked. */
  takeOver(
    name: string,
    record: string,
    tree: Readable,
    check: (root: string) => Promise<void>,
  ): Promise<Template> {
    return this.#work(async () => this.#view(await this.#store.takeOver(name, record, tree, check)));
  }

  buildDebian(name: string, options: BuildOptions = {}): Promise<Template> {
    return this.#work(async () => this.#view(await this.#store.buildDebian(name, withProgress(options))));
  }

  buildBusybox(name: string): Promise<Template> {
    return this.#work(async () => this.#view(await this.#store.buildBusybox(name)));
  }

  update(name: string, options: UpdateOptions = {}): Promise<Template> {
    return this.#work(async () => this.#view(await this.#store.update(name, withProgress(options))));
  }

  export(name: string, target: string, options: ExportOptions = {}): Promise<TemplateExport> {
    return this.#work(() => this.#store.export(name, target, withProgress(options)));
  }

  /** The root of a domain, say. */
  exportTree(tree: TreeToWrite, target: string, options: ExportOptions = {}): Promise<TemplateExport> {
    return this.#work(() => this.#store.exportTree(tree, target, withProgress(options)));
  }

  rename(name: string, to: string): Promise<Template> {
    return this.#work(async () => this.#view(await this.#store.rename(name, to)));
  }

  copy(name: string, to: string, { signal }: Parameters<Templates['copy']>[2] = {}): Promise<Template> {
    return this.#work(async () =>
      this.#view(await this.#store.copy(name, to, { ...(signal && { signal }) })),
    );
  }

  /** Whether a template is just being made or removed. */
  isWorking(): boolean {
    return this.#working > 0;
  }

  async #work<T>(operation: () => Promise<T>): Promise<T> {
    this.#working++;
    try {
      return await translated(operation);
    } finally {
      this.#working--;
    }
  }

  remove(name: string): Promise<void> {
    const users = this.users.of(name);
    if (users.length > 0)
      return Promise.reject(
        new EngineError('in-use', `template '${name}' is in use by ${users.join(', ')}`, { name, users }),
      );
    return this.#work(() => this.#store.remove(name));
  }

  #view(template: StoredTemplate): Template {
    return viewOf(template, this.users.of(template.name));
  }
}

function ignored(): void {}

function viewOf({ tree: _tree, ...template }: StoredTemplate, usedBy: readonly string[] = []): Template {
  const replacedBy = replacedName(template.name);
  return { ...template, ...(replacedBy !== undefined && { replacedBy }), usedBy: [...usedBy] };
}

/** The store counts bytes and entries; frontends show one number and its total. */
function withProgress<T extends { onProgress?: OnProgress }>(options: T) {
  const { onProgress, ...rest } = options;
  if (onProgress === undefined) return rest;
  return {
    ...rest,
    onProgress: (seen: {
      phase: string;
      doneBytes: number;
      totalBytes?: number | undefined;
      message?: string | undefined;
    }) =>
      onProgress({
        phase: seen.message === undefined ? seen.phase : `${seen.phase}: ${seen.message}`,
        done: seen.doneBytes,
        ...(seen.totalBytes !== undefined && { total: seen.totalBytes }),
      }),
  };
}

export function engineError(error: unknown): unknown {
  if (!(error instanceof TemplateError)) return error;
  const code: EngineCode = error.code === 'cancelled' ? 'interrupted' : error.code;
  return new EngineError(code, error.message, { ...error.details }, { cause: error });
}

/** With the engine's own errors for those of the store and of what reads archives. */
export async function translated<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw engineError(error);
  }
}

function translatedNow<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw engineError(error);
  }
}
