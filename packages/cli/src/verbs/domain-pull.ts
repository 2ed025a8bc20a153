// ctvirt pull
// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, lstat, mkdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PullRequest } from '@ctvirt/api';
import type { ClientSession } from '@ctvirt/api/node';
import { type ArchiveHead, readHead } from '../archive-head.js';
import { arrivingFile } from '../arriving-file.js';
import { ifSupported, refuseFile } from '../errors.js';
import type { Io } from '../io.js';
import { verb } from '../verb.js';
import { absolutePath, anyDomain } from './arguments.js';
import { firstOf, lentFile, passOn, startTar, WORTH_LENDING_BYTES, whileOpen } from './transferring.js';

/** Prints no JSON: what is left out is told on stderr, and by status 1. */
export const pull = verb({
  name: 'pull',
  group: 'Domains',
  summary: 'Take a file or a folder out of a domain, running or not',
  details: [
    "Where DESTINATION is a folder here it gets the file or folder by its own name, in the place of a link that is called so; otherwise that is called DESTINATION. Without one, that is the folder you are in. - is standard output: a file's bytes, or a folder as a tar archive in GNU's form.",
    'Owners are numbers inside, where root asks: a file of user 33 there belongs to user 33 here. Permissions, times and holes of files are kept, but for set-uid and set-gid; ACLs and extended attributes are not. Devices, pipes and sockets are left out, and so are /proc, /sys and /dev below a path that is above them.',
    'PATH may be a link, which leads where it leads inside. Links below it are taken for what they are: none is followed, whatever the container does meanwhile. A file is there whole, or what was there before stays.',
  ],
  args: {
    domain: anyDomain,
    path: { summary: 'Absolute path in the container' },
    destination: {
      summary: 'File or folder here (default: this folder); - is standard output',
      complete: 'file',
      optional: true,
    },
  },
  options: {},
  example: { command: 'ctvirt pull web /var/log ./web-log', does: "Takes the logs of 'web'." },
  async run(context, { args: { domain, path: word, destination = '.' } }) {
    const path = absolutePath('pull: PATH', word);
    const { client, io } = context;
    const start = (lent: Pick<PullRequest, 'lent'> = {}): Promise<ClientSession> =>
      client.domains.pull({ domain, open: { path, ...lent } }, { signal: io.signal });
    return await context.busy(`pulling ${path}`, async () => {
      const session = await start();
      session.stdin.end();
      const looked = await readHead(session.stdout);
      if (looked === undefined) return await whileOpen(session, io, nothing);
      if (destination === '-') return await whileOpen(session, io, () => toOutput(session, looked, io));
      const there = await stat(destination).catch(() => undefined);
      const isNamedInside = there?.isDirectory() === true;
      const target = isNamedInside ? join(destination, basename(path)) : destination;
      if (looked.isFolder) {
        if (isNamedInside) await removeLink(target);
        return await whileOpen(session, io, () => toFolder(session, target));
      }
      return await toFile(session, looked, target, { io, start, isNamedInside });
    });
  },
});

/** An earlier pull may have left it: where it leads is the container's choice. */
async function removeLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink() === true)
    await rm(path).catch((cause: unknown) => refuseFile(path, cause, 'write'));
}

const nothing = async (): Promise<void> => undefined;

async function toOutput({ stdout }: ClientSession, head: ArchiveHead, io: Io): Promise<void> {
  await passOn(head.isFolder ? stdout : firstOf(stdout, head.size), io.stdout);
}

async function toFolder({ stdout }: ClientSession, target: string): Promise<void> {
  await mkdir(target).catch((cause: unknown) =>
    isFolder(target).then((is) => (is ? undefined : refuseFile(target, cause, 'write'))),
  );
  const { child, ended } = startTar('unpack', target);
  if (child.stdin === null) throw new Error('a tar without input');
  const passed = pipeline(stdout, child.stdin).catch(() => undefined); // tar knows best why
  await ended;
  await passed;
}

interface Wanted {
  readonly io: Io;
  readonly start: (lent?: Pick<PullRequest, 'lent'>) => Promise<ClientSession>;
  /** Whether the container says what it is called here. */
  readonly isNamedInside: boolean;
}

/** A large one is written by the daemon, where that is on this machine. */
async function toFile(
  session: ClientSession,
  head: ArchiveHead,
  target: string,
  { io, start, isNamedInside }: Wanted,
): Promise<number> {
  const fail = (cause: unknown): never => refuseFile(target, cause, 'write');
  const place = { mode: head.mode & 0o777, isNamed: !isNamedInside };
  await using arriving = await arrivingFile(target, place).catch(fail);
  const { file } = arriving;
  let { size } = head;
  const receive = (from: ClientSession): Promise<number> =>
    whileOpen(from, io, () =>
      pipeline(firstOf(from.stdout, size), file.createWriteStream({ autoClose: false })).catch(fail),
    );
  let status: number;
  if (head.size < WORTH_LENDING_BYTES || !(await file.stat()).isFile()) status = await receive(session);
  else {
    // A domain that is off has one session at a time.
    session.close();
    const byDaemon = await ifSupported(start({ lent: lentFile(file.fd) }));
    if (byDaemon !== undefined) {
      byDaemon.stdout.resume();
      status = await whileOpen(byDaemon, io, nothing);
    } else {
      const again = await start();
      again.stdin.end();
      size = (await readHead(again.stdout))?.size ?? 0;
      status = await receive(again);
    }
  }
  // Of one that became shorter meanwhile, which is told, there is all that there is.
  if (status === 0 || (await file.stat()).size === size) {
    await settle(file, head);
    await arriving.keep().catch(fail);
  }
  return status;
}

const isFolder = async (path: string): Promise<boolean> =>
  await stat(path).then(
    (is) => is.isDirectory(),
    () => false,
  );

/** As it is inside, as far as who asks may say so. */
async function settle(file: FileHandle, { mode, uid, gid, mtime }: ArchiveHead): Promise<void> {
  if (!(await file.stat()).isFile()) return;
  if (process.getuid?.() === 0) await file.chown(uid, gid);
  await file.chmod(mode & 0o777);
  // Of a number below 0 Node makes the present.
  const time = new Date(mtime * 1000);
  await file.utimes(time, time);
}
