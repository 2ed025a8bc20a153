// Writes passwords and SSH keys into a container's root before its start, below an open folder and without following a link.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, mkdirSync } from 'node:fs';
import { EngineError } from '../errors.js';
import { isErrno } from '../host/gone.js';
import { openInRoot, Resolve } from '../host/syscalls.js';
import { type GuestRoot, LARGEST, openFolder, readIn, replace, telling } from './files.js';

/** What users of a container are given before its next start. */
export interface Credentials {
  /** Hashes as crypt(3) makes them, by user. */
  readonly passwords: Readonly<Record<string, string>>;
  /** Lines of `authorized_keys` that they get besides, by user. */
  readonly sshKeys: Readonly<Record<string, readonly string[]>>;
}

/** Both, the later one's passwords in place of those before. */
export function mergedCredentials(before: Credentials | undefined, later: Credentials): Credentials {
  // Users may be called as what every object has.
  const sshKeys = new Map(Object.entries(before?.sshKeys ?? {}));
  for (const [user, keys] of Object.entries(later.sshKeys))
    sshKeys.set(user, joined(sshKeys.get(user) ?? [], keys));
  return {
    passwords: { ...before?.passwords, ...later.passwords },
    sshKeys: Object.fromEntries(sshKeys),
  };
}

/** The keys with those that are not among them yet. */
export const joined = (keys: readonly string[], more: readonly string[]): string[] => [
  ...new Set([...keys, ...more]),
];

/** What cannot be written, since the container has no such user or has made something else of the place, is told. */
export function furnishCredentials(
  tree: GuestRoot,
  { passwords, sshKeys }: Credentials,
  tell: (remark: string) => void,
): void {
  for (const [user, hash] of Object.entries(passwords))
    telling(tell, `the password of '${user}' is not set`, () => setPassword(tree, user, hash));
  for (const [user, keys] of Object.entries(sshKeys))
    telling(tell, `the SSH keys of '${user}' are not set`, () => addKeys(tree, user, keys));
}

function setPassword(tree: GuestRoot, user: string, hash: string): void {
  withFolder(tree, 'etc', (folder) => {
    const found = { passwd: readIn(folder, 'passwd'), shadow: readIn(folder, 'shadow') };
    for (const name of ['shadow', 'passwd'] as const)
      if (found[name] === 'other') throw noFile(`/etc/${name}`);
    const next = withPassword(
      { passwd: textOf(found.passwd), shadow: textOf(found.shadow) },
      { user, hash, now: new Date() },
    );
    if (next === undefined) throw new EngineError('not-found', `its /etc/passwd has no user '${user}'`);
    // The hash first: who has none in the other file has one here.
    for (const name of ['shadow', 'passwd'] as const) {
      const [old, text] = [found[name], next[name]];
      if (typeof old === 'object' && text !== undefined && text !== old.text)
        replace(folder, name, text, old);
    }
  });
}

const noFile = (name: string): EngineError =>
  new EngineError('denied', `its ${name} is no plain file of at most ${LARGEST >> 10} KiB`);

const DAY_MS = 86_400_000;
const textOf = (found: ReturnType<typeof readIn>): string | undefined =>
  typeof found === 'object' ? found.text : undefined;

/** The two files that tell of users; undefined is one that is not there. */
export interface UserLists {
  readonly passwd: string | undefined;
  readonly shadow: string | undefined;
}

/**
 * As chpasswd does: the day of the change goes with the hash, for the password would be expired with that of the one before. The hash is
 * in `shadow`, which counts where `passwd` has an `x`; without such a file it is in `passwd`. Undefined where there is no such user.
 */
export function withPassword(
  { passwd, shadow }: UserLists,
  { user, hash, now }: { readonly user: string; readonly hash: string; readonly now: Date },
): UserLists | undefined {
  const day = Math.trunc(now.getTime() / DAY_MS);
  const [own, secret] = [fieldsOf(passwd, user), fieldsOf(shadow, user)];
  if (own === undefined && secret === undefined) return undefined;
  if (shadow === undefined) return { shadow, passwd: edited(passwd, user, ([, ...rest]) => [hash, ...rest]) };
  return {
    shadow:
      secret === undefined
        ? `${shadow}${/[^\n]$/.test(shadow) ? '\n' : ''}${user}:${hash}:${day}:0:99999:7:::\n`
        : edited(shadow, user, ([, , ...rest]) => [hash, String(day), ...rest]),
    passwd: own === undefined ? passwd : edited(passwd, user, ([, ...rest]) => ['x', ...rest]),
  };
}

/** Of a user's line, all behind the name. */
function fieldsOf(text: string | undefined, user: string): string[] | undefined {
  const lines = text?.split('\n').map((line) => line.split(':'));
  return lines?.find(([name]) => name === user)?.slice(1);
}

function edited(
  text: string | undefined,
  user: string,
  edit: (fields: readonly string[]) => readonly string[],
): string | undefined {
  return text
    ?.split('\n')
    .map((line) => {
      const [name, ...fields] = line.split(':');
      return name === user ? [name, ...edit(fields)].join(':') : line;
    })
    .join('\n');
}

function addKeys(tree: GuestRoot, user: string, keys: readonly string[]): void {
  withFolder(tree, homeOf(tree, user), (home) => {
    const owner = fstatSync(home);
    // The user, who is not root, may have made it a link to anywhere: no link is followed.
    const open = (): number =>
      openInRoot(
        home,
        '.ssh',
        constants.O_RDONLY | constants.O_DIRECTORY,
        0,
        Resolve.beneath | Resolve.noSymlinks,
      );
    const isNew = makeFolder(home);
    const folder = open();
    try {
      if (isNew) {
        fchownSync(folder, owner.uid, owner.gid);
        fchmodSync(folder, 0o700);
      }
      const found = readIn(folder, 'authorized_keys');
      if (found === 'other') throw noFile('.ssh/authorized_keys');
      const text = found === 'missing' ? '' : found.text;
      const there = text.split('\n').filter((line) => line !== '');
      const bytes = keys.map((key) => Buffer.from(key, 'utf8').toString('latin1'));
      const { uid, gid, mode } = found === 'missing' ? { ...owner, mode: 0o600 } : found;
      replace(
        folder,
        'authorized_keys',
        joined(there, bytes)
          .map((line) => `${line}\n`)
          .join(''),
        { uid, gid, mode },
      );
    } finally {
      closeSync(folder);
    }
  });
}

/** Returns whether it was not there. */
function makeFolder(home: number): boolean {
  try {
    mkdirSync(`/proc/self/fd/${home}/.ssh`, 0o700);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

function homeOf(tree: GuestRoot, user: string): string {
  const passwd = withFolder(tree, 'etc', (folder) => readIn(folder, 'passwd'));
  if (passwd === 'other') throw noFile('/etc/passwd');
  const home = fieldsOf(textOf(passwd), user)?.[4];
  if (home === undefined) throw new EngineError('not-found', `its /etc/passwd has no user '${user}'`);
  return `./${home}`;
}

function withFolder<T>({ root }: GuestRoot, path: string, use: (folder: number) => T): T {
  const folder = openFolder(root, path);
  if (folder === undefined) throw new EngineError('not-found', `it has no /${path.replace(/^[./]*/, '')}`);
  try {
    return use(folder);
  } finally {
    closeSync(folder);
  }
}
