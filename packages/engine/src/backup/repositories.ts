// The repositories that ctvirtd.conf names, each with what keeps it and the password that opens it.
// SPDX-License-Identifier: Apache-2.0

import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandFor } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { writeAtomically } from '../host/files.js';
import { unlessGone } from '../host/gone.js';
import { requireTrusted } from '../host/trusted.js';
import { Borg, forgetDomains } from './borg.js';
import { Restic } from './restic.js';
import {
  type BackupTool,
  type BackupToolName,
  backupTools,
  type RepositorySpec,
  type ToolHost,
} from './tool.js';

/** One that is named, and what keeps it. */
export interface Repository {
  readonly spec: RepositorySpec;
  readonly tool: BackupTool;
  /** Undefined where there is no repository yet. */
  readonly kind: BackupToolName | undefined;
}

/** Each knows its own repositories. */
const tools = { restic: Restic, borg: Borg } satisfies Record<
  BackupToolName,
  { isIn(path: string): boolean; new (spec: RepositorySpec, host: ToolHost): BackupTool }
>;

/** The one that is meant where none is named. */
const USUAL = 'default';
/** Of a host, for the kernel. */
const LONGEST_NAME = 64;
const OF_OTHERS = 0o077;

const namesIn = (folder: string): string[] => unlessGone(() => readdirSync(folder)) ?? [];

/** What locks say of one daemon, and of no other one on whatever host: two may have the same name, and one repository. */
export function holderOf(daemon: string, host: string, machineId: string): string {
  const digest = createHash('sha256').update(`ctvirt backup ${machineId.trim()}`).digest('hex');
  return `${daemon}.${digest.slice(0, 12)}.${host}`.slice(0, LONGEST_NAME);
}

/** Finds them; nothing is looked at before somebody asks for one. */
export class Repositories {
  readonly #all: ReadonlyMap<string, RepositorySpec>;

  /** Of the host's `memory` each repository has a folder. */
  constructor(
    specs: readonly RepositorySpec[],
    private readonly host: ToolHost,
  ) {
    this.#all = new Map(specs.map((spec) => [spec.name, spec]));
  }

  /** Of domains that are gone a tool remembers nothing; of a repository it keeps what keeps its key safe. */
  keepOnly(isThere: (uuid: string) => boolean): void {
    for (const folder of namesIn(this.host.memory)) forgetDomains(join(this.host.memory, folder), isThere);
  }

  all(): Repository[] {
    return [...this.#all.values()].map((spec) => this.#of(spec));
  }

  /** With what keeps it, which what lies there tells; `wanted` is what is to keep one that is not there yet. */
  #of(spec: RepositorySpec, wanted?: BackupToolName): Repository {
    const kind = backupTools.find((name) => tools[name].isIn(spec.path));
    const memory = join(this.host.memory, spec.name);
    const Tool = tools[kind ?? wanted ?? backupTools[0]];
    return { spec, kind, tool: new Tool(spec, { ...this.host, memory }) };
  }

  /** Throws `not-found`, and `denied` where others than root could read the password or write the repository. */
  get(name?: string, wanted?: BackupToolName): Repository {
    const found = this.find(name, wanted);
    const { path, passwordFile } = found.spec;
    if (!existsSync(passwordFile))
      throw new EngineError(
        'not-found',
        `${passwordFile} is not there: \`${commandFor('backup init', [found.spec.name])}\` makes it, with a new password`,
        { path: passwordFile },
      );
    requireTrusted(passwordFile);
    if ((statSync(passwordFile).mode & OF_OTHERS) !== 0)
      throw new EngineError('denied', `${passwordFile} can be read by others than root: chmod 600 it`, {
        path: passwordFile,
      });
    requireTrusted(path);
    return found;
  }

  /** Makes a password where there is none; returns whether it did. */
  async makePassword({ passwordFile }: RepositorySpec): Promise<boolean> {
    if (existsSync(passwordFile)) return false;
    requireTrusted(passwordFile);
    mkdirSync(dirname(passwordFile), { recursive: true, mode: 0o700 });
    await writeAtomically(passwordFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    return true;
  }

  find(name?: string, wanted?: BackupToolName): Repository {
    const [only, ...more] = this.#all.values();
    const found =
      name !== undefined
        ? this.#all.get(name)
        : (this.#all.get(USUAL) ?? (more.length === 0 ? only : undefined));
    if (found !== undefined) return this.#of(found, wanted);
    const names = [...this.#all.keys()].join(', ');
    throw new EngineError(
      'not-found',
      only === undefined
        ? "ctvirtd.conf names no repository for backups: see its setting 'backup_repositories'"
        : name === undefined
          ? `there are several repositories: say which (${names})`
          : `ctvirtd.conf names no repository '${name}'; it names ${names}`,
      name === undefined ? {} : { name },
    );
  }
}
