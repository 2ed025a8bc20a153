// Fetches libvirt's source package from Debian, for checks that compare with it; nothing of it is ever committed.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the checks of documents compare with. */
const data = ['*/tests/*', '*/src/conf/schemas/*', '*/examples/*'];

/**
 * A folder `name` with the `wanted` files of the libvirt that a Debian suite has, and its version.
 * apt works on lists, settings and a cache of its own, so that the host's stay as they are.
 *
 * @param {string} [suite]
 * @param {{ name?: string, wanted?: readonly string[] }} [parts]
 */
export function fetchLibvirtSource(suite = 'bookworm', { name: folder = 'data', wanted = data } = {}) {
  const cache = new URL(`../.cache/libvirt-${suite}`, import.meta.url).pathname;
  for (const dir of ['lists/partial', 'archives/partial']) mkdirSync(join(cache, dir), { recursive: true });
  const tree = join(cache, folder);
  const tarball = () => readdirSync(cache).find((name) => name.endsWith('.orig.tar.xz'));
  if (tarball() === undefined) download(cache, suite);
  const name = tarball();
  if (name === undefined) throw new Error(`no source tarball of libvirt arrived in ${cache}`);
  if (!existsSync(tree)) {
    const partial = `${tree}.${process.pid}`;
    mkdirSync(partial);
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

/** The archive this host gets its packages from. */
function debianArchive() {
  const format = '$(REPO_URI) $(ORIGIN) $(COMPONENT)';
  const targets = execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const line = targets
    .split('\n')
    .find((target) => / Debian main$/.test(target) && !target.includes('security'));
  if (line === undefined) throw new Error('apt knows no archive of Debian: run apt-get update first');
  return line.split(' ')[0];
}

/**
 * @param {string} cache
 * @param {string} suite
 */
function download(cache, suite) {
  const sources = join(cache, 'debian.sources');
  writeFileSync(
    sources,
    `Types: deb-src\nURIs: ${debianArchive()}\nSuites: ${suite}\nComponents: main\n` +
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
  /** @param {readonly string[]} args */
  const run = (args) =>
    execFileSync('apt-get', [...options, '-q', ...args], {
      cwd: cache,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  run(['update']);
  run(['source', '--download-only', '--tar-only', 'libvirt']);
}
