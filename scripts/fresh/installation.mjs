// The package on a Debian where nothing of ctvirt ever was, by the commands of docs/guide/install.md in their order.
// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeDebianPackage } from '../package/debian.mjs';
import { buildCheckout, debianPackages, root } from '../setup.mjs';
import { command } from '../steps.mjs';
import { bootInit } from './init.mjs';

/** @typedef {import('../steps.mjs').Note} Note */

/**
 * The commands of a section of the guide, block by block.
 *
 * @param {string} section
 * @returns {string[]}
 */
function blocksOf(section) {
  const guide = readFileSync(join(root, 'docs/guide/install.md'), 'utf8');
  const text = guide.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block);
  if (blocks.length === 0) throw new Error(`docs/guide/install.md has no commands in '${section}'`);
  return blocks;
}

/**
 * What it is installed over is the same code under an earlier version, unless a package is given.
 *
 * @param {string} folder where the machine's root lies
 * @param {string | undefined} previous
 * @param {Note} note
 */
export async function bringPackages(folder, previous, note) {
  await debianPackages(['lintian']);
  await buildCheckout();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const out = join(folder, 'root');
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  /** @param {string} each */
  const make = (each) => makeDebianPackage({ version: each, arch, out, compression: 'gzip', note });
  const next = basename(await make(version));
  await command(['lintian', '--allow-root', '--fail-on', 'error', join(out, next)], note);
  if (previous === undefined) return { next, version, previous: basename(await make(`${version}~previous`)) };
  copyFileSync(previous, join(out, basename(previous)));
  return { next, version, previous: basename(previous) };
}

/**
 * @typedef {{
 *   machine: import('./machine.mjs').Machine,
 *   env: Readonly<Record<string, string>>,
 *   folder: string,
 *   packages: { next: string, previous: string, version: string },
 *   watched: <T>(title: string, work: (note: Note) => Promise<T>) => Promise<T>,
 *   expect: (what: string, isSo: boolean) => void,
 * }} Parts
 */

/** @param {Parts} parts */
export async function walkInstallation(parts) {
  const { machine, env, folder, watched } = parts;
  writeFileSync(
    join(folder, 'etc/apt/apt.conf.d/91fresh'),
    'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n',
  );
  await watched('systemd', () => bootInit(machine));
  await watched('apt-get update', (note) => machine.run(['apt-get', 'update'], { env, note }));
  const walk = new Walk(parts);
  await watched('installed where policy-rc.d forbids to start anything', (note) => walk.forbidden(note));
  await watched('installed', (note) => walk.installed(note));
  const before = await watched('a container', (note) => walk.container(note));
  await watched('upgraded with it running', (note) => walk.upgraded(before, note));
  await watched('removed with it running, and installed again', (note) => walk.removed(before, note));
  await watched('removed and purged with nothing running', (note) => walk.purged(note));
}

/** @typedef {{ init: number, daemon: string }} Running */

class Walk {
  /** @param {Parts} parts */
  constructor({ machine, env, folder, packages, expect }) {
    this.expect = expect;
    this.folder = folder;
    this.version = packages.version;
    /** @param {string} text */
    const named = (text) =>
      text
        .replace('ctvirt_VERSION_amd64.deb', packages.previous)
        .replace('ctvirt_NEXT_amd64.deb', packages.next);
    /** @param {string} section */
    this.commands = (section) => blocksOf(section).map(named);
    /** @param {string} block @param {Note} [note] */
    this.shell = (block, note) => machine.run(['sh', '-e', '-c', `exec 2>&1\n${block}`], { env, note });
  }

  async daemon() {
    return (await this.shell('systemctl show --property MainPID --value ctvirtd')).trim();
  }

  /** @returns {Promise<number>} */
  async init() {
    return JSON.parse(await this.shell('ctvirt dominfo 105 --json')).initPid;
  }

  /** @param {string} path */
  async isThere(path) {
    return (await this.shell(`[ -e ${path} ] && echo yes || echo no`)).trim() === 'yes';
  }

  /** @param {Note} note */
  async forbidden(note) {
    const policy = join(this.folder, 'usr/sbin/policy-rc.d');
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await this.shell(this.commands('Install')[0], note);
    this.expect('no daemon', (await this.daemon()) === '0');
    this.expect('enabled', (await this.shell('systemctl is-enabled ctvirtd')).trim() === 'enabled');
    rmSync(policy);
    await this.shell('apt-get purge ctvirt', note);
    this.expect('no configuration', !(await this.isThere('/etc/ctvirt')));
  }

  /** @param {Note} note */
  async installed(note) {
    const [install, look] = this.commands('Install');
    await this.shell(install, note);
    const shown = await this.shell(look, note);
    this.expect(`active and enabled, not: ${shown}`, /^active\nenabled\n/.test(shown));
    this.expect('manual pages', await this.isThere('/usr/share/man/man1/ctvirt.1.gz'));
    this.expect('no Node of Debian', !(await this.isThere('/usr/bin/node')));
  }

  /** @param {Note} note @returns {Promise<Running>} */
  async container(note) {
    const shown = await this.shell(this.commands('Install')[2], note);
    this.expect(`free in it, not: ${shown}`, /^Mem:/m.test(shown));
    const status = (await this.shell('vzctl status 105')).trim();
    this.expect(`vzctl finds it, not: ${status}`, status === 'CTID 105 exist mounted running');
    return { init: await this.init(), daemon: await this.daemon() };
  }

  /** @param {Running} before @param {Note} note */
  async upgraded(before, note) {
    const [upgrade, look] = this.commands('Upgrade');
    await this.shell("printf 'max_clients = 4000\\n' >> /etc/ctvirt/ctvirtd.conf");
    // State of a version that named no schema.
    await this.shell('rm /var/lib/ctvirt/schema');
    await this.shell(upgrade, note);
    const shown = await this.shell(look, note);
    this.expect(`the container in the list, not: ${shown}`, /\b105 +running/.test(shown));
    const installed = (await this.shell('dpkg-query --show ctvirt')).trim();
    this.expect(`version ${this.version}, not ${installed}`, installed === `ctvirt\t${this.version}`);
    const daemon = await this.daemon();
    this.expect('another daemon', daemon !== before.daemon && daemon !== '0');
    this.expect('the same init', (await this.init()) === before.init);
    this.expect('a copy of the state', await this.isThere('/var/lib/ctvirt/before-schema-2/domains/105'));
    const settings = await this.shell('cat /etc/ctvirt/ctvirtd.conf');
    this.expect('the own setting', settings.includes('max_clients = 4000'));
  }

  /** @param {Running} before @param {Note} note */
  async removed(before, note) {
    const [remove] = this.commands('Remove');
    const said = await this.shell(remove, note);
    this.expect(`the container named, not: ${said}`, /go on without a daemon.*: 105$/m.test(said));
    this.expect('no program', !(await this.isThere('/usr/bin/ctvirt')));
    this.expect('its init running', await this.isThere(`/proc/${before.init}`));
    await this.shell(this.commands('Upgrade')[0], note);
    this.expect('the same init', (await this.init()) === before.init);
  }

  /** @param {Note} note */
  async purged(note) {
    const [remove, shutdown, purge, purgeAll] = this.commands('Remove');
    await this.shell(shutdown, note);
    await this.shell(remove, note);
    const links = (await this.shell('ls /sys/class/net')).trim();
    this.expect(`no link but lo, not: ${links}`, links === 'lo');
    this.expect('no mount', !(await this.shell('cat /proc/self/mountinfo')).includes('/ctvirt/'));
    this.expect('no /run/ctvirt', !(await this.isThere('/run/ctvirt')));
    const said = await this.shell(purge, note);
    this.expect(`told what stays, not: ${said}`, said.includes('/var/lib/ctvirt stays'));
    this.expect('the data', await this.isThere('/var/lib/ctvirt/domains/105/domain.xml'));
    await this.shell(this.commands('Upgrade')[0], note);
    await this.shell(purgeAll, note);
    for (const path of ['/var/lib/ctvirt', '/etc/ctvirt', '/usr/lib/ctvirt'])
      this.expect(`no ${path}`, !(await this.isThere(path)));
  }
}
