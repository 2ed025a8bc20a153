// Fetches libvirt's source package from Debian, for checks that compare with it; nothing of it is ever committed.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Folder of the unpacked tests and schemas of the libvirt that a Debian suite has, with its version.
 * apt works on lists, settings and a cache of its own, so that the host's stay as they are.
 */
export function fetchLibvirtSource(suite = 'bookworm') {
  const cache = new URL(`../.cache/libvirt-${suite}`, import.meta.url).pathname;
  for (const dir of ['lists/partial', 'archives/partial']) mkdirSync(join(cache, dir), { recursive: true });
  const tree = join(cache, 'data');
  const tarball = () => readdirSync(cache).find((name) => name.endsWith('.orig.tar.xz'));
  if (tarball() === undefined) download(cache, suite);
  const name = tarball();
  if (name === undefined) throw new Error(`no source tarball of libvirt arrived in ${cache}`);
  if (!existsSync(tree)) {
    const partial = `${tree}.${process.pid}`;
    mkdirSync(partial);
    const wanted = ['*/tests/*', '*/src/conf/schemas/*', '*/examples/*'];
    execFileSync('tar', [
      '-xJf',
      join(cache, name),
      '-C',
      partial,
      '--strip-components=1',
      '--wildcards',
      ...wanted,
    ]);
    renameSync(partial, tree);
  }
  return { tree, version: /_([^_]+)\.orig/.exec(name)?.[1] ?? 'unknown' };
}

function download(cache, suite) {
  const sources = join(cache, 'debian.sources');
  writeFileSync(
    sources,
    `Types: deb-src\nURIs: http://deb.debian.org/debian\nSuites: ${suite}\nComponents: main\n` +
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n',
  );
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(cache, 'lists'),
    'Dir::Cache': cache,
    'APT::Sandbox::User': '',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const run = (args) =>
    execFileSync('apt-get', [...options, '-q', ...args], {
      cwd: cache,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  run(['update']);
  run(['source', '--download-only', '--tar-only', 'libvirt']);
}
