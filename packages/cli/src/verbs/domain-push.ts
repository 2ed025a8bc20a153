// ctvirt push
// SPDX-License-Identifier: Apache-2.0
import { open as openFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { LentFile, PushRequest } from '@ctvirt/api';
import type { Context } from '../context.js';
import { CliError, ifSupported, refuseFile } from '../errors.js';
import { verb } from '../verb.js';
import { absolutePath, anyDomain } from './arguments.js';
import { lentFile, packed, passOn, WORTH_LENDING_BYTES, whileOpen } from './transferring.js';

/** Prints no JSON: what is left out is told on stderr, and by status 1. */
export const push = verb({
  name: 'push',
  group: 'Domains',
  summary: 'Put a file or a folder into a domain, running or not',
  details: [
    'Where PATH is a folder of the container, it gets the file or folder by its own name in there; otherwise that is called PATH. For a file, a PATH that ends with a slash is a folder. - is standard input, as a file or, with --tar, as an archive that is unpacked below PATH.',
    'Owners are numbers inside: a file of user 33 here belongs to user 33 there, as far as the container has one. --owner gives all of it to a user of its /etc/passwd. Permissions, times and holes of files are kept; ACLs and extended attributes are not.',
    'PATH may lead over links, which lead where they lead inside. Below it none is followed: a link in the place of a file is replaced. Files are whole or not there at all. A domain that is off cannot start meanwhile; its /proc, /sys and /dev and its memory file systems, which each start makes anew, are read-only then.',
  ],
  args: {
    domain: anyDomain,
    source: { summary: 'File or folder here; - is standard input', complete: 'file' },
    path: { summary: 'Absolute path in the container' },
  },
  options: {
    owner: { type: 'text', value: 'USER', summary: 'Give all of it to this user of the container' },
    mode: { type: 'text', value: 'OCTAL', summary: "A file's permissions (default: as here; 644 of -)" },
    tar: { type: 'flag', summary: 'The source is a tar archive, to be unpacked below PATH' },
  },
  example: {
    command: 'ctvirt push web ./site /srv/www --owner www-data',
    does: "Puts the folder 'site' into 'web', for its web server.",
  },
  async run(context, { args: { domain, source, path: word }, options: { owner, mode, tar } }) {
    const { client, io } = context;
    const path = absolutePath('push: PATH', word);
    const from = await sourceOf(context, source, tar, mode);
    const open = { path, ...from.request, ...(owner !== undefined && { owner }) };
    try {
      const start = (lent: Pick<PushRequest, 'lent'> = {}) =>
        client.domains.push({ domain, open: { ...open, ...lent } }, { signal: io.signal });
      const byDaemon = from.lent && (await ifSupported(start({ lent: from.lent })));
      const session = byDaemon ?? (await start());
      session.stdout.resume();
      // Nobody reads it any more, however long it says nothing.
      const over = (): void => void from.stream.destroy();
      session.exited.then(over, over);
      return await context.busy(`pushing ${source}`, () =>
        whileOpen(session, io, async () => {
          if (byDaemon === undefined) await passOn(from.stream, session.stdin);
          session.stdin.end();
        }),
      );
    } finally {
      from.stream.destroy();
    }
  },
});

/** What is pushed, and what there is to say of it. */
interface Source {
  readonly request: Omit<PushRequest, 'path'>;
  readonly stream: Readable;
  /** The same as an open file, where it is a large one. */
  readonly lent?: LentFile;
}

/** In pieces that cost little each. */
const CHUNK_BYTES = 1 << 20;

async function sourceOf(
  context: Context,
  source: string,
  isArchive: boolean,
  mode: string | undefined,
): Promise<Source> {
  if (isArchive) return { request: { form: 'archive' }, stream: await context.openStream(source) };
  const given = modeOf(mode);
  if (source === '-') return { request: { form: 'file', ...given }, stream: context.io.stdin };
  const is = await stat(source).catch((cause: unknown) => refuseFile(source, cause));
  const name = basename(resolve(source));
  if (is.isDirectory()) {
    const stream = Readable.from(packed(source), { objectMode: false });
    return { request: { form: 'archive', ...(name !== '' && { name }) }, stream };
  }
  if (!is.isFile()) throw new CliError('local', `cannot read ${source}: it is neither a file nor a folder`);
  const own = { mode: is.mode & 0o7777, uid: is.uid, gid: is.gid, mtime: Math.trunc(is.mtimeMs / 1000) };
  const file = await openFile(source).catch((cause: unknown) => refuseFile(source, cause));
  return {
    request: { form: 'file', name, ...own, ...given },
    stream: file.createReadStream({ highWaterMark: CHUNK_BYTES }),
    ...(is.size >= WORTH_LENDING_BYTES && { lent: lentFile(file.fd) }),
  };
}

function modeOf(text: string | undefined): { mode?: number } {
  if (text === undefined) return {};
  if (!/^[0-7]{3,4}$/.test(text))
    throw new CliError('usage', `push: --mode takes three or four octal digits, not '${text}'`);
  return { mode: Number.parseInt(text, 8) };
}
