// Files into a container's tree and out of it, as streams: whether it runs or not, by a helper with the rights of its root.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, writeSync } from 'node:fs';
import { posix } from 'node:path';
import type { ExecSession, Transfer } from '../contract.js';
import { containerGone, EngineError } from '../errors.js';
import { insidePath } from '../guest/inside.js';
import { isErrno } from '../host/gone.js';
import { isLeaving } from '../host/processes.js';
import { openPipe } from '../host/syscalls.js';
import { enterBy, type Helped, noAccount, onStreams, refuseNul } from './helper.js';
import { memoryOf, packed, requestOf } from './request.js';
import { transferProgram } from './transfer-program.js';

/** Whose tree it is: a running container's, or one that was mounted for it, below `root`. */
export type TransferPlace =
  | { readonly initPid: number; readonly initTicks: number; readonly keeperGroups: readonly string[] }
  | {
      readonly root: string;
      /** A user namespace with the container's ids. */
      readonly namespace: number;
      /** Starts what finds the mounts. */
      readonly within: (start: () => Helped) => Helped;
    };

let programFd: number | undefined;

/**
 * Resolves when the path is opened. Input of a push and output of a pull are bytes of a file or of an archive; what is left out is told
 * on stderr, and by an exit status that is not 0.
 */
export async function transfer(place: TransferPlace, what: Transfer): Promise<ExecSession> {
  programFd ??= memoryOf('transfer', Buffer.from(transferProgram));
  const path = insidePath(what.path);
  const open = 'root' in place ? place : undefined;
  const within = open?.within ?? ((start) => start());
  const whole = isStreamed(what) ? openPipe() : undefined;
  try {
    const session = await enterBy(
      programFd,
      requestFor(place, what, path),
      (start) => within(() => onStreams(start, open?.namespace, what.file, whole?.read)),
      (step, errno) => lacking(step, errno, path, what),
    );
    return whole === undefined ? session : tellingWhole(session, whole.write);
  } catch (error) {
    if (whole !== undefined) closeSync(whole.write);
    // Whatever the helper stumbled over first.
    throw 'initPid' in place && isLeaving(place.initPid, place.initTicks) ? containerGone() : error;
  } finally {
    if (whole !== undefined) closeSync(whole.read);
  }
}

/** An archive says itself where it ends, and who moves a lent file has no input. */
const isStreamed = (what: Transfer): boolean =>
  what.kind === 'push' && what.form === 'file' && what.file === undefined;

/** Input ends for a helper also where we are killed: what comes by this pipe after the last byte says that it was all. */
function tellingWhole(session: ExecSession, fd: number): ExecSession {
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  session.stdin.once('finish', () => {
    try {
      if (isOpen) writeSync(fd, '.');
    } catch (error) {
      // It has ended before; its status tells why.
      if (!isErrno(error, 'EPIPE')) throw error;
    } finally {
      close();
    }
  });
  session.stdin.once('close', close);
  return session;
}

function requestFor(place: TransferPlace, what: Transfer, path: string): Buffer {
  const isPush = what.kind === 'push';
  const name = isPush ? (what.name ?? '') : posix.basename(path);
  const owner = isPush ? (what.owner ?? '') : '';
  refuseNul([path, name, owner]);
  if (name.includes('/') || name === '.' || name === '..')
    throw new EngineError('invalid', `'${name}' is no name of a file`);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, O_DIRECTORY, O_WRONLY, O_CREAT, O_EXCL } = constants;
  const facts = {
    init: 'root' in place ? 0 : place.initPid,
    ticks: 'root' in place ? 0 : place.initTicks,
    daemon: process.pid,
    push: Number(isPush),
    file: Number(isPush && what.form === 'file'),
    // As cp has it: what ends with a slash is a folder.
    inside: Number(isPush && what.form === 'file' && what.path.endsWith('/')),
    lent: Number(what.file !== undefined),
    mode: (isPush ? what.mode : undefined) ?? 0o644,
    uid: (isPush ? what.uid : undefined) ?? 0,
    gid: (isPush ? what.gid : undefined) ?? 0,
    timed: Number(isPush && what.mtime !== undefined),
    mtime: (isPush ? what.mtime : undefined) ?? 0,
    follow: O_RDONLY | O_NONBLOCK | O_NOCTTY,
    look: O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW,
    folder: O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
    make: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  };
  return requestOf(facts, [
    packed('root' in place ? [] : place.keeperGroups),
    'root' in place ? place.root : '',
    path,
    name,
    owner,
  ]);
}

function lacking(step: string, errno: string, path: string, what: Transfer): EngineError | undefined {
  if (step === 'kind')
    return new EngineError('invalid', `'${path}' of the container is neither a file nor a folder`, { path });
  if (step !== 'path') return noAccount(step, errno, what.kind === 'push' ? (what.owner ?? '') : '');
  if (errno === 'EISDIR')
    return new EngineError(
      'invalid',
      `'${path}' of the container is a folder: say what the file is to be called in it`,
      { path },
    );
  if (what.kind === 'push' && errno === 'ENOENT')
    return new EngineError(
      'not-found',
      `the container has no folder '${what.path.endsWith('/') ? path : posix.dirname(path)}'`,
      { path },
    );
  const code =
    errno === 'ENOENT' || errno === 'ENOTDIR'
      ? 'not-found'
      : errno === 'EACCES' || errno === 'EPERM'
        ? 'denied'
        : 'host-command';
  const why = errno === 'ENOENT' ? '' : ` (${errno})`;
  return new EngineError(code, `the container has no '${path}' that can be used${why}`, { path });
}
