// Makes the embedded default template's archive out of the host's static busybox program.
// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { run } from '../host/run.js';
import { parseElf } from './archive/elf.js';
import { TemplateError } from './archive/errors.js';
import { endOfArchive, type Member, memberHeader, padding } from './archive/tar-write.js';
import { BUSYBOX_DIRECTORIES, BUSYBOX_FILES, BUSYBOX_LINKS } from './busybox-files.js';

// Not etc/hostname, which is no program.
const programs = BUSYBOX_FILES.map(([path]) => path).filter((path) => /bin\/[^/]+$/.test(path));

// The program itself, the name only an initramfs uses, and what a program of the template's stands for.
const notLinked = new Set(['busybox', 'linuxrc', ...programs.map((path) => posix.basename(path))]);

/** Name under which the archive is recorded as the template's source. */
export interface BusyboxArchive {
  archive: Buffer;
  source: string;
}

async function readProgram(path: string): Promise<{ bytes: Buffer; mtime: number }> {
  try {
    await using file = await open(path, 'r');
    return { bytes: await file.readFile(), mtime: Math.floor((await file.stat()).mtimeMs / 1000) };
  } catch (cause) {
    throw new TemplateError(
      'not-found',
      `cannot read ${path} for the busybox template: install Debian's package busybox-static`,
      {},
      cause,
    );
  }
}

/** The same program gives the same bytes, so the template's digest tells which busybox is inside. */
export async function makeBusyboxArchive(program: string): Promise<BusyboxArchive> {
  const { bytes, mtime } = await readProgram(program);
  const elf = parseElf(bytes);
  if (!elf || elf.needsLoader) {
    throw new TemplateError(
      'unsupported',
      `${program} is not a static program, so it cannot run alone in a container: ` +
        "install Debian's package busybox-static in place of busybox",
    );
  }
  const { stdout } = await run([program, '--list-full'], { timeoutMs: 10_000 });
  const version = /BusyBox v([0-9.]+)/.exec(bytes.toString('latin1'))?.[1] ?? '0';
  const parts: Buffer[] = [];
  const add = (member: Pick<Member, 'kind' | 'path' | 'mode'> & Partial<Member>, data?: Buffer) => {
    parts.push(memberHeader({ uid: 0, gid: 0, mtime, size: data?.length ?? 0, ...member }));
    if (data) parts.push(data, padding(data.length));
  };
  for (const [path, mode] of BUSYBOX_DIRECTORIES) add({ kind: 'directory', path, mode });
  add({ kind: 'file', path: 'bin/busybox', mode: 0o755 }, bytes);
  for (const path of stdout.split('\n').filter((line) => /^[a-z/]*bin\/[^/]+$/.test(line))) {
    if (notLinked.has(posix.basename(path))) continue;
    add({ kind: 'symlink', path, mode: 0o777, target: posix.relative(posix.dirname(path), 'bin/busybox') });
  }
  for (const [path, target] of BUSYBOX_LINKS) add({ kind: 'symlink', path, mode: 0o777, target });
  for (const [path, mode, text] of BUSYBOX_FILES) {
    add({ kind: 'file', path, mode }, Buffer.from(text.replaceAll('VERSION', version)));
  }
  parts.push(endOfArchive());
  return { archive: Buffer.concat(parts), source: `${program} (busybox ${version})` };
}
