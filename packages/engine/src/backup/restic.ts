// Backups by Debian's restic, which is run where it sees its repository, its password and the trees, and no network.
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isFault } from '../errors.js';
import { makeFolder } from '../host/files.js';
import { isAlive } from '../host/processes.js';
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

/** Some files could not be read: there is a backup, without them. */
const INCOMPLETE = 3;
const GONE = /retrying after .*no such file or directory/;
/** Which of its files are not what they are called, or not there. */
const PACK = /\bpack (?:ID does not match, want )?([0-9a-f]{64})\b/gi;
const SAMPLE_OF_DATA = '5%';

/** What is read without a lock may be removed by a `forget` or a `prune` between its name and its content. */
const READ_TRIES = 5;

async function beside<T>(read: () => Promise<T>, tries = READ_TRIES): Promise<T> {
  return await read().catch(async (error: unknown) => {
    const isGone = isFault(error, 'host-command') && GONE.test(error.details.stderr ?? '');
    if (!isGone || tries === 1) throw error;
    return await beside(read, tries - 1);
  });
}

/** How it is run here. */
type Running = Omit<Run, 'explain'>;

export class Restic implements BackupTool {
  constructor(
    private readonly repository: RepositorySpec,
    private readonly host: ToolHost,
  ) {}

  static isIn(path: string): boolean {
    return existsSync(join(path, 'config')) && existsSync(join(path, 'keys'));
  }

  exists(): boolean {
    return Restic.isIn(this.repository.path);
  }

  async init(): Promise<void> {
    await makeFolder(this.repository.path);
    await this.#run(['init'], { failed: 'the repository could not be made' });
  }

  /** What it has not finished nothing names. */
  async settle(): Promise<void> {}

  async take(
    { uuid, domain, takenAt, leftOut, since, about, trees, within }: Kept,
    going: Going,
  ): Promise<Cost> {
    await this.#clearLocks();
    const binds = [...trees].map(([tree, from]) => ({ from, to: `${TREES}/${tree}` }));
    binds.push({ from: about, to: ABOUT });
    const tags = ['ctvirt', `name=${encodeURIComponent(domain)}`];
    for (const target of leftOut) tags.push(`without=${encodeURIComponent(target)}`);
    const unread: string[] = [];
    let summary: unknown;
    // Its last backup is found by what it takes for the host, and by the path; it reads times as of its zone, which is UTC.
    const time = takenAt.toISOString().replace(/T(.*)Z$/, ' $1');
    await this.#run(
      [
        'backup',
        '--json',
        '--host',
        uuid,
        '--time',
        time,
        ...tags.flatMap((tag) => ['--tag', tag]),
        ...(since !== undefined ? ['--parent', since, '--ignore-ctime', '--ignore-inode'] : []),
        '/ctvirt',
      ],
      {
        ...going,
        within,
        box: { binds },
        allow: [INCOMPLETE],
        failed: `domain '${domain}' could not be backed up`,
        onLine: (line) => {
          const kind = textOf(line, 'message_type');
          if (kind === 'status')
            going.onProgress?.(numberOf(line, 'bytes_done'), numberOf(line, 'total_bytes'));
          if (kind === 'summary') summary = line;
          if (kind === 'error' && unread.length < UNREAD_TOLD) unread.push(textOf(line, 'item'));
        },
      },
    );
    // What is said of a domain is none of its files, and new each time.
    const said = readdirSync(about).length;
    const changed = numberOf(summary, 'files_new') + numberOf(summary, 'files_changed');
    return {
      id: textOf(summary, 'snapshot_id').slice(0, 8),
      files: Math.max(numberOf(summary, 'total_files_processed') - said, 0),
      changedFiles: Math.max(changed - said, 0),
      bytes: numberOf(summary, 'total_bytes_processed'),
      addedBytes: numberOf(summary, 'data_added'),
      unread: unread.map(inDomain),
    };
  }

  remembers(id: string): boolean {
    return readdirSync(join(this.repository.path, 'snapshots')).some((name) => name.startsWith(id));
  }

  async list(): Promise<Generation[]> {
    const said = await this.#read(
      'snapshots',
      ['--json', '--tag', 'ctvirt'],
      'the backups could not be listed',
    );
    return listOf(lineOf(said)).map(generationOf);
  }

  async about(id: string, file: string): Promise<string> {
    return await this.#read('dump', [id, `${ABOUT}/${file}`], `backup ${id} cannot be read`);
  }

  async files(id: string, tree: string): Promise<ListedFile[]> {
    const failed = `the files of backup ${id} cannot be listed`;
    return await beside(async () => {
      const found: ListedFile[] = [];
      const onLine = (line: unknown): void => {
        if (textOf(line, 'type') !== 'file') return;
        const [size, mode, uid, gid] = ['size', 'mode', 'uid', 'gid'].map((key) => numberOf(line, key));
        const path = textOf(line, 'path').slice(`${TREES}/${tree}`.length);
        found.push({
          path,
          size: size ?? 0,
          mode: mode ?? 0,
          uid: uid ?? 0,
          gid: gid ?? 0,
          mtime: textOf(line, 'mtime'),
        });
      };
      const argv = ['ls', '--no-lock', '--json', '--recursive', id, `${TREES}/${tree}`];
      await this.#run(argv, { failed, onLine });
      return found;
    });
  }

  async restore(
    id: string,
    { tree, paths = [''], verify }: Parameters<BackupTool['restore']>[1],
    folder: string,
    going: Going,
  ): Promise<void> {
    await this.#clearLocks();
    const included = paths.map((path) => `${TREES}/${tree}${path}`.replace(/[*?[\\]/g, '\\$&'));
    const argv = ['restore', id, '--target', '/target', ...included.flatMap((path) => ['--include', path])];
    if (verify === true) argv.push('--verify');
    const box = { target: folder, capabilities: WRITER };
    const onWritten = going.onProgress && this.#telling(id, { tree, paths }, going.onProgress);
    await this.#run(argv, { ...going, box, onWritten, failed: `backup ${id} could not be restored` });
  }

  /** Of how many it does not say: that is counted beside, from what it lists. */
  #telling(
    id: string,
    { tree, paths }: { readonly tree: string; readonly paths: readonly string[] },
    tell: NonNullable<Going['onProgress']>,
  ): (bytes: number) => void {
    let total: number | undefined;
    const isWanted = (path: string): boolean =>
      paths.some((one) => one === '' || path === one || path.startsWith(`${one}/`));
    this.files(id, tree).then(
      (files) => {
        total = files.reduce((sum, { path, size }) => (isWanted(path) ? sum + size : sum), 0);
      },
      () => undefined, // it is restored all the same
    );
    return (bytes) => tell(bytes, total === undefined ? undefined : Math.max(total, bytes));
  }

  treeIn(folder: string, tree: string): string {
    return join(folder, TREES, tree);
  }

  async check({ isWhole, ...going }: Going & { readonly isWhole: boolean }): Promise<readonly DamagedFile[]> {
    await this.#clearLocks();
    const argv = ['check', isWhole ? '--read-data' : `--read-data-subset=${SAMPLE_OF_DATA}`];
    const what = `repository '${this.repository.name}'`;
    const words = { ...going, failed: `${what} could not be checked`, faulty: `${what} is damaged` };
    try {
      await this.#run(argv, words);
      return [];
    } catch (error) {
      const said = isFault(error, 'host-command') ? (error.details.stderr ?? '') : '';
      const packs = [...new Set([...said.matchAll(PACK)].map(([, pack = '']) => pack))];
      // Without its lists of files it cannot say which.
      const damaged = packs.length === 0 ? [] : await this.#filesIn(packs, words.failed).catch(() => []);
      if (damaged.length === 0) throw error;
      return damaged;
    }
  }

  /** Those of which something lies in these files of the repository. */
  async #filesIn(packs: readonly string[], failed: string): Promise<DamagedFile[]> {
    const found = listOf(lineOf(await this.#read('find', ['--json', '--pack', ...packs], failed)));
    const named = found.map((one) => ({
      id: textOf(one, 'snapshot').slice(0, 8),
      path: inDomain(textOf(one, 'path')),
    }));
    return [...new Map(named.map((one) => [`${one.id} ${one.path}`, one])).values()];
  }

  async forget(ids: readonly string[], going: Going): Promise<void> {
    await this.#clearLocks();
    await this.#run(['forget', ...ids], { ...going, failed: 'the backups could not be removed' });
  }

  async prune(going: Going): Promise<void> {
    await this.#clearLocks();
    await this.#run(['prune'], { ...going, failed: 'the room could not be given back' });
  }

  /**
   * A run that was killed leaves its lock. Nothing of this daemon's writes there when this is called, so that what has its name
   * is such a one's; what somebody else ran on this host has ended if its process is gone, which restic cannot see in confinement.
   * Others' are restic's to judge: it takes away those that nobody has renewed for half an hour.
   */
  async #clearLocks(): Promise<void> {
    if (!this.exists()) throw noRepository(this.repository);
    const folder = join(this.repository.path, 'locks');
    if (!existsSync(folder)) return;
    // What is still being written has another name yet.
    const locks = readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
    if (locks.length === 0) return;
    const failed = 'the locks of the repository cannot be read';
    let [ours, others] = [0, 0];
    for (const id of locks) {
      const said = await this.#read('cat', ['lock', id], failed, 1).catch((error: unknown) => {
        // Whose it was, has ended meanwhile.
        if (!existsSync(join(folder, id))) return undefined;
        throw error;
      });
      const holder = textOf(lineOf(said ?? ''), 'hostname');
      const isDead = holder === this.host.name && !isAlive(numberOf(lineOf(said ?? ''), 'pid'));
      if (holder === this.host.holder) ours++;
      if (holder === this.host.holder || isDead) rmSync(join(folder, id), { force: true });
      else if (said !== undefined) others++;
    }
    if (others > 0) await this.#run(['unlock'], { failed });
    // What it had stored is in no index: without one the next backup stores it once more.
    else if (ours > 0)
      await this.#run(['rebuild-index'], { failed: 'what an interrupted run has stored cannot be had' });
  }

  /** The output of what takes no lock, and so waits for nobody. */
  async #read(
    command: string,
    words: readonly string[],
    failed: string,
    tries = READ_TRIES,
  ): Promise<string> {
    return await beside(async () => {
      let said = '';
      await this.#run([command, '--no-lock', ...words], { failed, onText: (text) => (said += text) });
      return said;
    }, tries);
  }

  async #run(words: readonly string[], running: Running): Promise<void> {
    const { repository } = this;
    const { failed } = running;
    await runProgram(
      ['restic', '--repo', REPOSITORY, '--password-file', PASSWORD, '--no-cache', ...words],
      repository,
      {
        ...running,
        box: { hostname: this.host.holder, ...running.box },
        // It tries for a quarter of an hour to open a file that is not there: on a network one may come back.
        onComplaint: (lines, child) => {
          if (GONE.test(lines)) child.kill();
        },
        explain: (stderr) =>
          /already locked/.test(stderr)
            ? inOtherHands(failed, repository, lockIn(stderr))
            : /wrong password/.test(stderr)
              ? wrongPassword(failed, repository)
              : undefined,
      },
    );
  }
}

/** Whose it is and since when, as restic says it; its advice to take the lock away is none. */
function lockIn(stderr: string): string {
  const since = /lock was created at (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})/.exec(stderr)?.[1];
  const who = /locked (?:exclusively )?by (PID \d+ on [^\s]+)/.exec(stderr)?.[1];
  return `${who === undefined ? '' : ` (${who})`}${since === undefined ? '' : `, since ${since}`}`;
}

/** As it was told when it was taken, to the letter. */
function timeIn(said: unknown): string {
  const time = new Date(textOf(said, 'time'));
  return Number.isNaN(time.valueOf()) ? '' : time.toISOString();
}

function generationOf(said: unknown): Generation {
  const tags = listOf(member(said, 'tags')).map(String);
  const tagged = (key: string): string[] =>
    tags
      .filter((tag) => tag.startsWith(`${key}=`))
      .map((tag) => decodeURIComponent(tag.slice(key.length + 1)));
  return {
    id: textOf(said, 'short_id'),
    uuid: textOf(said, 'hostname'),
    domain: tagged('name')[0] ?? '',
    takenAt: timeIn(said),
    leftOut: tagged('without'),
  };
}
