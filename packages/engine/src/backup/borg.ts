// Backups by Debian's borg, in repositories whose key lies in them behind the password (`repokey`).
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, isFault } from '../errors.js';
import { PATH_MAX } from '../host/complaint.js';
import { makeFolder } from '../host/files.js';
import { unlessGone } from '../host/gone.js';
import { refusalOf } from '../host/refusal.js';
import { byTime } from '../schedule/retention.js';
import { BorgDamage } from './borg-damage.js';
import { clearLocks, holderInWords, smallFile } from './borg-locks.js';
import { lineOf, listOf, member, numberOf, textOf } from './json.js';
import {
  ABOUT,
  inDomain,
  inOtherHands,
  noRepository,
  PASSWORD,
  REPOSITORY,
  type Run,
  runProgram,
  TREES,
  UNREAD_TOLD,
  WRITER,
  wrongPassword,
} from './program.js';
import type {
  BackupTool,
  Cost,
  DamagedFile,
  Generation,
  Going,
  Kept,
  ListedFile,
  RepositorySpec,
  ToolHost,
} from './tool.js';

/** Something was in its way that it goes on without: it says what. */
const WARNED = 1;
/** Paths in it begin without a slash. */
const inside = (path: string): string => path.slice(1);
const archive = (id: string): string => `${REPOSITORY}::${id}`;
const BACKUP = /^[0-9a-f]{8}$/;
/** Of a backup that was not finished: what it has stored is there for the next. */
const UNFINISHED = /^[0-9a-f]{8}\.checkpoint/;
const COMPLAINTS_TOLD = 100_000;
/** What stands in its lists for bytes of a name that are no UTF-8, and for a question mark. */
const UNSAID = '\ufffd';

/** Where it keeps what it knows of a repository, without which each backup would begin with a look through all others. */
const MEMORY = '/memory';
/** What it says of a repository that somebody writes to while it looks; and it takes no lock to look. */
const IN_FLUX = /Traceback|Read-only file system|does not exist|Errno 2\b|integrity|newer than repository/i;
const READ_TRIES = 6;
const READ_AGAIN_MS = 300;

/** What it says where something that is to be there is not, or is not what it was. */
const DAMAGED = /No such file or directory: '\/repository\/data|integrity error|Object with key/i;

/** Somebody has put a repository there that anybody can read, or that is another one than its key says. */
const NOT_OURS = /Cache initialization aborted|Repository access aborted|encryption method changed/i;
/** What it would ask a person, and wait for: none is there. */
const ANSWERS = {
  BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'no',
  BORG_RELOCATED_REPO_ACCESS_IS_OK: 'no',
};

/** Bytes up to which a check that is no whole one reads them all the same, to see whether any are missing. */
const SMALL = 2 ** 31;
const SAMPLE_SECONDS = 30;

/** A run, and who is told of its lines of JSON. */
interface Running extends Omit<Run, 'explain' | 'onLine' | 'onComplaint'> {
  /** Told what it says while it works. */
  readonly onTold?: (line: unknown) => void;
  /** Whether it needs what it remembers of the repository. */
  readonly remembering?: boolean;
}

export class Borg implements BackupTool {
  constructor(
    private readonly repository: RepositorySpec,
    private readonly host: ToolHost,
  ) {}

  static isIn(path: string): boolean {
    return /^\[repository\]$/m.test(smallFile(join(path, 'config')) ?? '');
  }

  exists(): boolean {
    return Borg.isIn(this.repository.path);
  }

  async init(): Promise<void> {
    // Of another one that had this name.
    rmSync(this.host.memory, { recursive: true, force: true });
    await makeFolder(this.repository.path);
    await this.#run(['init', '--encryption', 'repokey', REPOSITORY], {
      remembering: true,
      failed: 'the repository could not be made',
    });
  }

  /** It commits to its data first, and makes an index of that then: whoever may write completes that. */
  async settle(): Promise<void> {
    const { path } = this.repository;
    if (!this.exists()) return;
    const indexed = highestIn(path, /^index\.(\d+)$/);
    const folder = highestIn(join(path, 'data'), /^(\d+)$/);
    const last = highestIn(join(path, 'data', String(folder)), /^(\d+)$/);
    if (last <= indexed) return;
    await this.#clear();
    await this.#run(['list', '--short', REPOSITORY], { failed: 'the repository could not be completed' });
  }

  async take(kept: Kept, going: Going): Promise<Cost> {
    const { uuid, domain, takenAt, leftOut, since, isListed, about, trees, within } = kept;
    await this.#clear();
    const id = randomBytes(4).toString('hex');
    const binds = [...trees].map(([tree, from]) => ({ from, to: `${TREES}/${tree}` }));
    binds.push({ from: about, to: ABOUT });
    const unread = new Set<string>();
    let [changed, said] = [0, ''];
    // Its own list of files has one time of each, the last change of either contents or all that the kernel tells.
    const compare = since !== undefined ? 'mtime,size' : isListed ? 'rechunk,mtime' : 'ctime,size,inode';
    if (isListed) rmSync(this.#mark(uuid), { force: true });
    await this.#run(
      [
        ...['create', '--progress', '--json', '--list', '--filter', 'AME'],
        ...['--numeric-ids', '--noctime', '--nobirthtime', '--noflags', '--compression', 'zstd,1'],
        ...['--files-cache', compare, '--checkpoint-interval', String(this.#checkpointSeconds())],
        ...['--timestamp', takenAt.toISOString().slice(0, 19)],
        ...['--comment', commentOf({ uuid, domain, takenAt: takenAt.toISOString(), leftOut })],
        ...[archive(id), 'ctvirt'],
      ],
      {
        ...{ ...going, within, box: { binds }, remembering: true, allow: [WARNED] },
        // One list for each domain and kind, of its last backup alone.
        env: { BORG_FILES_CACHE_SUFFIX: isListed ? `${uuid}.listed` : uuid, BORG_FILES_CACHE_TTL: '1' },
        failed: `domain '${domain}' could not be backed up`,
        onText: (text) => (said += text),
        onTold: (line) => {
          const kind = textOf(line, 'type');
          if (kind === 'archive_progress') going.onProgress?.(numberOf(line, 'original_size'), undefined);
          const path = kind === 'file_status' ? textOf(line, 'path') : unreadIn(line);
          if (path === undefined || !path.startsWith(inside(`${TREES}/`))) return;
          if (kind === 'file_status' && textOf(line, 'status') !== 'E') changed++;
          else if (unread.size < UNREAD_TOLD) unread.add(inDomain(`/${path}`));
        },
      },
    );
    if (isListed) {
      mkdirSync(join(this.host.memory, 'last'), { recursive: true, mode: 0o700 });
      writeFileSync(this.#mark(uuid), id);
    }
    const stats = member(member(lineOf(said), 'archive'), 'stats');
    return {
      id,
      files: Math.max(numberOf(stats, 'nfiles') - readdirSync(about).length, 0),
      changedFiles: changed,
      bytes: numberOf(stats, 'original_size'),
      addedBytes: numberOf(stats, 'deduplicated_size'),
      unread: [...unread],
    };
  }

  /** Its list of files is that of this backup. */
  remembers(id: string, uuid: string): boolean {
    return unlessGone(() => readFileSync(this.#mark(uuid), 'utf8')) === id;
  }

  #mark(uuid: string): string {
    return join(this.host.memory, 'last', uuid);
  }

  /** A kill costs what was stored since the last one; one costs as much as it has to write of the index. */
  #checkpointSeconds(): number {
    const { path } = this.repository;
    const index = readdirSync(path).filter((name) => name.startsWith('index.'));
    const bytes = index.reduce(
      (sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    return 2 + Math.round((10 * bytes) / 2 ** 20);
  }

  async list(): Promise<Generation[]> {
    const words = ['list', '--json', '--format', '{comment}', REPOSITORY];
    const said = await this.#read(words, 'the backups could not be listed');
    // borg has their times in whole seconds.
    return listOf(member(lineOf(said), 'archives'))
      .flatMap(generationOf)
      .sort(byTime);
  }

  async about(id: string, file: string): Promise<string> {
    const words = ['extract', '--stdout', archive(id), `pp:${inside(`${ABOUT}/${file}`)}`];
    return await this.#read(words, `backup ${id} cannot be read`);
  }

  async files(id: string, tree: string): Promise<ListedFile[]> {
    const format = '{mode}{uid}{gid}{size}{mtime}{path}';
    const under = inside(`${TREES}/${tree}`);
    const words = ['list', '--json-lines', '--format', format, archive(id), `pp:${under}`];
    const said = await this.#read(words, `the files of backup ${id} cannot be listed`);
    return said.split('\n').flatMap((text) => {
      const line = lineOf(text);
      const mode = textOf(line, 'mode');
      // Of a file with several names the others have its contents.
      if (!mode.startsWith('-')) return [];
      return {
        path: textOf(line, 'path').slice(under.length).replaceAll('?', UNSAID),
        size: numberOf(line, 'size'),
        mode: permissionsIn(mode),
        uid: numberOf(line, 'uid'),
        gid: numberOf(line, 'gid'),
        mtime: `${textOf(line, 'mtime')}Z`,
      };
    });
  }

  /** What it reads is compared with its hashes each time. */
  async restore(
    id: string,
    { tree, paths = [''] }: Parameters<BackupTool['restore']>[1],
    folder: string,
    going: Going,
  ): Promise<void> {
    await this.#clear();
    const wanted = paths.map((path) => `pp:${inside(`${TREES}/${tree}${path}`)}`);
    const failed = `backup ${id} could not be restored`;
    const lacking: string[] = [];
    await this.#run(
      ['extract', '--progress', '--numeric-ids', '--sparse', '--noflags', archive(id), ...wanted],
      {
        ...{ ...going, failed, allow: [WARNED], box: { target: folder, capabilities: WRITER } },
        onTold: (line) => {
          tellShare(line, going, 'extract');
          // Who asked sees what is not there.
          const said = complaintIn(line);
          if (said === undefined || /^Include pattern .* never matched/.test(said)) return;
          if (!isTooDeep(said)) lacking.push(said);
        },
      },
    );
    if (lacking.length > 0)
      throw new EngineError('host-command', `${failed} as it was: ${lacking.slice(0, 3).join('; ')}`, {
        stderr: lacking.slice(0, UNREAD_TOLD).join('\n'),
      });
  }

  treeIn(folder: string, tree: string): string {
    return join(folder, TREES, tree);
  }

  async check({ isWhole, ...going }: Going & { readonly isWhole: boolean }): Promise<readonly DamagedFile[]> {
    await this.#clear();
    const what = `repository '${this.repository.name}'`;
    const running = { ...going, failed: `${what} could not be checked`, faulty: `${what} is damaged` };
    const damage = new BorgDamage(this.repository.path);
    const check = async (...words: string[]): Promise<void> =>
      void (await this.#run(['check', '--progress', ...words, REPOSITORY], {
        ...running,
        onTold: (line) => {
          damage.hear(complaintIn(line));
          tellShare(line, going);
        },
      }));
    // Where there is much it goes on where the last check ended.
    const sample = isWhole || damage.bytes() <= SMALL ? [] : ['--max-duration', String(SAMPLE_SECONDS)];
    const deep = ['--archives-only', '--verify-data'];
    try {
      await check('--repository-only', ...sample);
      await check(...(isWhole ? deep : ['--archives-only']));
      return [];
    } catch (error) {
      if (!isFault(error, 'host-command')) throw error;
      // It says which segments; which parts of them, it says when it reads each. What is gone stops it, and is known by then.
      await check(...deep).catch(() => undefined);
      const found = await this.#filesOf(damage, running.failed).catch(() => []);
      if (found.length === 0) throw error;
      return found;
    }
  }

  async #filesOf(damage: BorgDamage, failed: string): Promise<DamagedFile[]> {
    const found: DamagedFile[] = [];
    for (const { id } of await this.list()) {
      const hit = damage.pathsIn();
      await this.#run(['debug', 'dump-archive', archive(id), '-'], { failed, onText: hit.read });
      for (const path of hit.paths) found.push({ id, path: inDomain(`/${path}`) });
    }
    return found;
  }

  async forget(ids: readonly string[], going: Going): Promise<void> {
    await this.#clear();
    await this.#remove(ids, { ...going, failed: 'the backups could not be removed' });
  }

  async #remove(ids: readonly string[], running: Running): Promise<void> {
    await this.#run(['delete', REPOSITORY, ...ids], { ...running, remembering: true });
  }

  /** With what runs that were not finished have stored. */
  async prune(going: Going): Promise<void> {
    await this.#clear();
    const running = { ...going, failed: 'the room could not be given back' };
    let said = '';
    const list = ['list', '--json', '--consider-checkpoints', REPOSITORY];
    await this.#run(list, { ...running, onText: (text) => (said += text) });
    const names = listOf(member(lineOf(said), 'archives')).map((one) => textOf(one, 'name'));
    const unfinished = names.filter((name) => UNFINISHED.test(name));
    if (unfinished.length > 0) await this.#remove(unfinished, running);
    await this.#run(['compact', REPOSITORY], running);
  }

  async #clear(): Promise<void> {
    if (!this.exists()) throw noRepository(this.repository);
    await clearLocks(this.repository.path, this.host);
    const caches = join(this.host.memory, '.cache/borg');
    for (const name of unlessGone(() => readdirSync(caches)) ?? [])
      if (isCache(name)) await clearLocks(join(caches, name), this.host);
  }

  /** The output of what takes no lock, and so waits for nobody; who writes meanwhile may be in its way for a moment. */
  async #read(words: readonly string[], failed: string, tries = READ_TRIES): Promise<string> {
    if (!this.exists()) throw noRepository(this.repository);
    const [command = '', ...rest] = words;
    let said = '';
    try {
      const onText = (text: string): void => void (said += text);
      await this.#run([command, '--bypass-lock', ...rest], { failed, onText, readOnly: true });
      return said;
    } catch (error) {
      const stderr = error instanceof EngineError && 'stderr' in error.details ? error.details.stderr : '';
      if (!IN_FLUX.test(stderr ?? '')) throw error;
      if (tries === 1) throw this.#halfWay(failed, stderr ?? '') ?? error;
      await sleep(READ_AGAIN_MS);
      return await this.#read(words, failed, tries - 1);
    }
  }

  async #run(words: readonly string[], { remembering, onTold, env, box, ...run }: Running): Promise<void> {
    const { repository, host } = this;
    const { failed } = run;
    const complaints: string[] = [];
    if (remembering === true) mkdirSync(host.memory, { recursive: true, mode: 0o700 });
    const memory = remembering === true ? [{ from: host.memory, to: MEMORY, writable: true }] : [];
    const hear = (lines: string): void => {
      for (const text of lines.split('\n')) {
        if (text === '') continue;
        const line = lineOf(text);
        const said = line === undefined ? text : complaintIn(line);
        if (said !== undefined && complaints.length < COMPLAINTS_TOLD) complaints.push(said);
        if (line !== undefined) onTold?.(line);
      }
    };
    await runProgram(['borg', '--log-json', ...words], repository, {
      ...run,
      box: { hostname: host.holder, ...box, binds: [...memory, ...(box?.binds ?? [])] },
      env: {
        BORG_BASE_DIR: remembering === true ? MEMORY : '/tmp',
        BORG_PASSCOMMAND: `cat ${PASSWORD}`,
        BORG_HOST_ID: host.holder,
        BORG_EXIT_CODES: 'legacy',
        ...ANSWERS,
        LOGNAME: 'root',
        LC_ALL: 'C.UTF-8',
        ...env,
      },
      onComplaint: hear,
      complaint: () => complaints.join('\n'),
      explain: (stderr) => this.#explained(failed, stderr),
    });
  }

  #explained(failed: string, stderr: string): EngineError | undefined {
    const { repository } = this;
    const has = (words: RegExp): boolean => words.test(stderr);
    if (has(/Repository \S+ does not exist/)) return noRepository(repository);
    if (has(/create\/acquire the lock/))
      return inOtherHands(failed, repository, holderInWords(repository.path));
    if (has(/passphrase supplied .* is incorrect/)) return wrongPassword(failed, repository);
    if (has(NOT_OURS)) return this.#isReplaced(failed);
    if (has(/newer than repository/)) return this.#isOlder(failed);
    if (has(/Insufficient free space/)) return refusalOf('ENOSPC', failed);
    if (!has(DAMAGED)) return undefined;
    const last = stderr.split('\n').at(-1);
    return new EngineError('host-command', `repository '${repository.name}' is damaged: ${failed}: ${last}`, {
      stderr,
    });
  }

  /** What looks cannot complete what a run that was killed has left. */
  #halfWay(failed: string, stderr: string): EngineError | undefined {
    const { path, name } = this.repository;
    if (!/Read-only file system/.test(stderr)) return undefined;
    return new EngineError(
      'busy',
      `${failed}: repository '${name}' is half-way: try again if somebody writes there; after a run that was killed \`ctvirt backup prune --repository ${name}\` completes it`,
      { path },
    );
  }

  /** Whoever has the folder in hand must not get what is in a backup by taking the key away. */
  #isReplaced(failed: string): EngineError {
    const { path, name } = this.repository;
    return new EngineError(
      'denied',
      `${failed}: the repository in ${path} is not encrypted as repository '${name}' was when it was made: somebody has put another one in its place; bring the right one`,
      { path },
    );
  }

  /** Its counter of what was encrypted must not begin anew with the same key while somebody has what was written with it. */
  #isOlder(failed: string): EngineError {
    const { path, name } = this.repository;
    return new EngineError(
      'wrong-state',
      `${failed}: ${path} lacks what this host has written to repository '${name}', as an older copy of it does: bring the last one, or, if that is gone, remove ${this.host.memory}, and take the next backups to it`,
    );
  }
}

/** In what is remembered of a repository, its lists of files and which backup they are of. */
export function forgetDomains(memory: string, isThere: (uuid: string) => boolean): void {
  const caches = join(memory, '.cache/borg');
  const names = (folder: string): string[] => unlessGone(() => readdirSync(folder)) ?? [];
  for (const folder of [
    join(memory, 'last'),
    ...names(caches)
      .filter(isCache)
      .map((name) => join(caches, name)),
  ])
    for (const name of names(folder)) {
      const [, uuid] = OF_DOMAIN.exec(name) ?? [];
      if (uuid !== undefined && !isThere(uuid)) rmSync(join(folder, name), { force: true });
    }
}

/** Of a repository, by its id. */
const isCache = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);
const OF_DOMAIN = /^(?:files\.)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.listed)?$/;

/** It keeps paths of any length, which the kernel lets nobody make anew: that was told when they were kept. */
const isTooDeep = (said: string): boolean => said.length > PATH_MAX / 2 && said.includes('[Errno 36]');

/** The highest number of those names; -1 where there is none. */
function highestIn(folder: string, name: RegExp): number {
  const names = unlessGone(() => readdirSync(folder)) ?? [];
  return names.reduce((most, one) => Math.max(most, Number(name.exec(one)?.[1] ?? -1)), -1);
}

/** How far it is with the part that it is at. */
function tellShare(line: unknown, { onProgress }: Going, part?: string): void {
  const total = numberOf(line, 'total');
  const isShare = textOf(line, 'type') === 'progress_percent' && total > 0;
  if (isShare && (part ?? textOf(line, 'msgid')) === textOf(line, 'msgid'))
    onProgress?.(numberOf(line, 'current'), total);
}

/** What it warns of or fails at, of a fault in it the last words; undefined of all else that it says. */
function complaintIn(line: unknown): string | undefined {
  if (!['WARNING', 'ERROR', 'CRITICAL'].includes(textOf(line, 'levelname'))) return undefined;
  const [said = ''] = textOf(line, 'message').split('\n\nPlatform: ');
  return said.startsWith('Traceback') ? `Traceback: ${said.split('\n').at(-1)}` : said.trim();
}

/** The path in a complaint of a file, unless that only changed while it was read. */
function unreadIn(line: unknown): string | undefined {
  const [, path, what] = /^(ctvirt\/trees\/.*?): (.*)$/s.exec(complaintIn(line) ?? '') ?? [];
  return what?.startsWith('file changed while') === true ? undefined : path;
}

/** What is said of a backup, in words that have no sign with a meaning to borg. */
function commentOf({ uuid, domain, takenAt, leftOut }: Omit<Generation, 'id'>): string {
  const without = leftOut.map((target) => `without=${encodeURIComponent(target)}`);
  return ['ctvirt', `uuid=${uuid}`, `name=${encodeURIComponent(domain)}`, `time=${takenAt}`, ...without].join(
    ' ',
  );
}

/** None of what somebody else has put there. */
function generationOf(said: unknown): Generation[] {
  const [mark, ...words] = textOf(said, 'comment').split(' ');
  const id = textOf(said, 'name');
  if (mark !== 'ctvirt' || !BACKUP.test(id)) return [];
  const valuesOf = (key: string): string[] =>
    words
      .filter((word) => word.startsWith(`${key}=`))
      .map((word) => decodeURIComponent(word.slice(key.length + 1)));
  const [[uuid = ''], [domain = ''], [takenAt = '']] = [valuesOf('uuid'), valuesOf('name'), valuesOf('time')];
  return [{ id, uuid, domain, takenAt, leftOut: valuesOf('without') }];
}

/** Of words such as `-rwsr-x--T`. */
function permissionsIn(words: string): number {
  return [...words.slice(1)].reduce(
    (mode, sign, at) => (/[rwxst]/.test(sign) ? mode | (0o400 >> at) : mode),
    0,
  );
}
