// The archive of a Debian system that benchmarks define domains from: built once and kept in .cache.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = new URL('../.cache/bench/', import.meta.url).pathname;

/**
 * Some 330 MB and 11,000 files: mmdebstrap's, or where Debian cannot be reached as many made ones.
 *
 * @param {import('../scripts/steps.mjs').Note} note
 */
export async function debianArchive(note) {
  mkdirSync(cache, { recursive: true });
  const built = join(cache, 'debian.tar');
  if (existsSync(built)) return { path: built, about: 'Debian 12' };
  const made = join(cache, 'made.tar');
  if (existsSync(made)) return { path: made, about: 'made up' };
  const partial = `${built}.partial`;
  try {
    note('building a Debian system by mmdebstrap');
    const include =
      'systemd-sysv,dbus,iproute2,iputils-ping,netbase,procps,perl,python3,openssh-server,nginx-light,git,vim';
    const argv = [
      '--mode=root',
      '--variant=minbase',
      '--format=tar',
      '--skip=output/dev',
      `--include=${include}`,
    ];
    await run('mmdebstrap', [...argv, 'bookworm', partial], { timeout: 600_000, maxBuffer: 1 << 26 });
    renameSync(partial, built);
    return { path: built, about: 'Debian 12' };
  } catch {
    // Without Debian's archive the row is still worth having: what counts is bytes and files.
    await rm(partial, { force: true });
    note('making up a system of that size');
    await makeUp(made);
    return { path: made, about: 'made up' };
  }
}

/** @param {string} archive */
async function makeUp(archive) {
  const tree = mkdtempSync(join(cache, 'tree-'));
  for (let folder = 0; folder < 550; folder++) {
    const path = join(tree, `d${folder % 25}`, `e${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 20; file++)
      writeFileSync(join(path, `f${file}`), randomBytes(1500 * (file + 10)));
  }
  await run('tar', ['--create', '--file', `${archive}.partial`, '--directory', tree, '.']);
  await rm(tree, { recursive: true });
  renameSync(`${archive}.partial`, archive);
}
