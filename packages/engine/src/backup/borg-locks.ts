// Locks that borg leaves in a repository when it is killed: which of them nobody holds any more, and who holds the others.
// SPDX-License-Identifier: Apache-2.0
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { removeIfEmpty } from '../host/files.js';
import { isErrno, unlessGone } from '../host/gone.js';
import { isAlive } from '../host/processes.js';
import { lineOf, listOf, member } from './json.js';
import type { ToolHost } from './tool.js';

/** A folder while one works alone, with a file that is called as who that is. */
const ALONE = 'lock.exclusive';
/** All who work there, those who only read among them. */
const ROSTER = 'lock.roster';
const KEYS = ['exclusive', 'shared'] as const;

interface Holder {
  /** What borg takes for a host: ours is told, others are a name and a hardware address. */
  readonly host: string;
  readonly pid: number;
}

/**
 * Takes away what was ours, since nothing of this daemon's works there when this is called, and what somebody else ran on this
 * host, if its process is gone: borg sees neither from its confinement. Of other hosts nothing is known, and borg never takes theirs.
 */
export async function clearLocks(repository: string, host: ToolHost): Promise<void> {
  const isDead = (holder: Holder): boolean =>
    holder.host === host.holder || (isOfHost(holder.host, host.name) && !isAlive(holder.pid));
  // One that was to become it, too.
  for (const name of readdirSync(repository).filter((one) => one.startsWith(ALONE))) {
    const folder = join(repository, name);
    // Borg makes no links: one would lead to files of this host.
    if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    for (const file of namesIn(folder)) {
      const holder = holderIn(file);
      if (holder !== undefined && isDead(holder)) rmSync(join(folder, file), { force: true });
    }
    await removeIfEmpty(folder);
  }
  const roster = rosterOf(repository);
  if (!roster.some(({ holder }) => isDead(holder))) return;
  // As borg does it: who has that folder may write the list.
  const folder = join(repository, ALONE);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return; // somebody works there
    throw error;
  }
  const mark = join(folder, `${host.holder}.${process.pid}-0`);
  writeFileSync(mark, '');
  const left = rosterOf(repository).filter(({ holder }) => !isDead(holder));
  const said = Object.fromEntries(
    KEYS.map((key) => [key, left.filter((one) => one.key === key).map(({ entry }) => entry)]),
  );
  if (left.length === 0) rmSync(join(repository, ROSTER), { force: true });
  else writeFileSync(join(repository, ROSTER), JSON.stringify(said));
  rmSync(mark);
  await removeIfEmpty(folder);
}

/** Who works there and since when, in words; empty where that cannot be told. */
export function holderInWords(repository: string): string {
  const folder = join(repository, ALONE);
  const [alone] = namesIn(folder).map(holderIn);
  const holder = alone ?? rosterOf(repository)[0]?.holder;
  const place = alone === undefined ? join(repository, ROSTER) : folder;
  const since = statSync(place, { throwIfNoEntry: false })?.mtime;
  if (holder === undefined || since === undefined) return '';
  const time = since.toISOString().slice(0, 19).replace('T', ' ');
  return ` (PID ${holder.pid} on ${holder.host.split('@')[0]}), since ${time}`;
}

function holderIn(name: string): Holder | undefined {
  const [, host, pid] = /^(.+)\.(\d+)-[0-9a-f]+$/.exec(name) ?? [];
  return host === undefined ? undefined : { host, pid: Number(pid) };
}

function rosterOf(repository: string) {
  const said = lineOf(smallFile(join(repository, ROSTER)) ?? '');
  return KEYS.flatMap((key) =>
    listOf(member(said, key)).map((entry) => {
      const [host, pid] = listOf(entry);
      return { key, entry, holder: { host: String(host), pid: Number(pid) } };
    }),
  );
}

const SMALL = 2 ** 20;

/** A file of a repository, which may lie with somebody who is not trusted: no link, nothing that is waited for, nothing without end. */
export function smallFile(path: string): string | undefined {
  const kind = lstatSync(path, { throwIfNoEntry: false });
  if (kind?.isFile() !== true) return undefined;
  const fd = unlessGone(() =>
    openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  );
  if (fd === undefined) return undefined;
  try {
    const found = fstatSync(fd);
    return found.isFile() && found.size <= SMALL ? readFileSync(fd, 'utf8') : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Two hosts that share a repository may be called alike: borg's name of one has a hardware address in it. */
function isOfHost(said: string, name: string): boolean {
  const [, called = '', node = ''] = /^(.*)@(\d+)$/.exec(said) ?? [];
  if (called.split('.')[0] !== name.split('.')[0]) return false;
  const addresses = readdirSync('/sys/class/net').map((link) =>
    unlessGone(() => readFileSync(`/sys/class/net/${link}/address`, 'utf8')),
  );
  return addresses.some(
    (text) => text !== undefined && BigInt(`0x${text.trim().replaceAll(':', '') || '0'}`) === BigInt(node),
  );
}

const namesIn = (folder: string): string[] => unlessGone(() => readdirSync(folder)) ?? [];
