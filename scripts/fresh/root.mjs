// Makes a bare Debian root for test:fresh: git and Node, and what this host needs to reach its registries.
// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, cpSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeLicence } from '../package/copyright.mjs';
import { command } from '../steps.mjs';

/** Where Node is put in the root, so that it cannot be mistaken for a package of Debian's. */
export const nodeFolder = '/opt/node';

/**
 * What `npm start` asks for beforehand, as far as the suite has it: Debian 12 has Node 18, which is too old.
 *
 * @type {Readonly<Record<string, { include: readonly string[] }>>}
 */
export const suites = {
  bookworm: { include: ['git'] },
  trixie: { include: ['git', 'nodejs', 'npm'] },
};

/** What a machine has besides the essential packages that one installs ctvirt on, be it Debian 12 or 13. */
export const installed = ['systemd-sysv'];

/**
 * A minimal Debian with that; the archive is kept for a day, since mmdebstrap takes most of a minute.
 *
 * @param {string} folder
 * @param {{ suite: string, include: readonly string[] }} wanted
 * @param {string} cache
 * @param {import('../steps.mjs').Note} note
 */
export async function unpackDebian(folder, { suite, include }, cache, note) {
  const archive = join(cache, `${suite}-${include.join('-')}.tar`);
  mkdirSync(cache, { recursive: true });
  const isRecent = existsSync(archive) && Date.now() - statSync(archive).mtimeMs < 24 * 3_600_000;
  if (!isRecent) {
    const argv = [
      'mmdebstrap',
      '--mode=root',
      '--variant=minbase',
      `--include=${include.join()}`,
      '--skip=output/dev',
    ];
    // The packages' own archives and lists go: the first `npm start` has to find its way without them.
    await command([...argv, '--format=tar', suite, archive], note);
  }
  mkdirSync(folder, { recursive: true });
  await command(['tar', '--extract', '--numeric-owner', '--file', archive, '--directory', folder], note);
  // Any installed Debian has it; mmdebstrap leaves it to its user.
  writeFileSync(join(folder, 'etc/hosts'), '127.0.0.1 localhost fresh\n::1 localhost\n');
}

/**
 * The root gets the Node that runs this, and npm with it.
 *
 * @param {string} folder
 */
export function addNode(folder) {
  /** @param {string} path */
  const at = (path) => join(folder, nodeFolder, path);
  mkdirSync(at('bin'), { recursive: true });
  copyFileSync(process.execPath, at('bin/node'));
  writeFileSync(at('LICENSE'), nodeLicence(process.execPath));
  const npm = [join(dirname(process.execPath), '../lib/node_modules/npm'), '/usr/share/nodejs/npm'].find(
    existsSync,
  );
  if (npm === undefined) throw new Error(`there is no npm beside ${process.execPath}`);
  cpSync(npm, at('lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, at(`bin/${name}`));
}

/**
 * Which registries apt and npm ask, as this host has it; no passwords.
 *
 * @param {string} folder
 */
export async function copyRegistrySettings(folder) {
  const apt = await command(['apt-config', 'dump', 'Acquire']);
  writeFileSync(join(folder, 'etc/apt/apt.conf.d/90host'), apt);
  const lines = [`registry=${(await command(['npm', 'config', 'get', 'registry'])).trim()}`];
  // A registry within a company is often signed by its own authority.
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(bundle)) {
    mkdirSync(join(folder, dirname(bundle)), { recursive: true });
    copyFileSync(bundle, join(folder, bundle));
    // A place of its own besides: Debian's package ca-certificates, which tests need in the end, writes its own there.
    const kept = '/root/authorities.crt';
    copyFileSync(bundle, join(folder, kept));
    lines.push(`cafile=${kept}`);
  }
  writeFileSync(join(folder, 'root/.npmrc'), `${lines.join('\n')}\n`);
}
