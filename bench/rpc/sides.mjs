// The two sides: a daemon of ours with domains, and a libvirtd of its own with its test driver.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startLibvirtd } from '../../packages/rpc/dist/testing/libvirtd.js';
import { withDaemon } from '../daemon.mjs';
import { sleepingDomain } from '../domains.mjs';
import { sideBySide } from '../measure.mjs';

/** @typedef {import('../daemon.mjs').Daemon} Daemon */

const exec = promisify(execFile);
const environment = { PATH: process.env.PATH, LC_ALL: 'C', HOME: '/nonexistent' };

/**
 * Runs `work({ daemon, uri })` on a daemon with the busybox template.
 *
 * @template T
 * @param {(side: { daemon: Daemon, uri: string }) => Promise<T>} work
 */
export const withOurs = (work) =>
  withDaemon(async (daemon) => {
    await daemon.start();
    await daemon.client.templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
    return await work({ daemon, uri: `ctvirt+unix:///system?socket=${daemon.layout.libvirtSocket}` });
  });

/**
 * Defines domains from `first` on, some at a time.
 *
 * @param {Daemon} daemon
 * @param {number} first
 * @param {number} count
 * @param {import('../../scripts/steps.mjs').Note} note
 */
export async function define(daemon, first, count, note) {
  let done = 0;
  const numbers = Array.from({ length: count }, (_, at) => first + at);
  await sideBySide(8, numbers, async (number) => {
    await daemon.client.domains.define({ body: sleepingDomain(nameOf(number)) });
    if (++done % 100 === 0) note(`${done} of ${count} defined`);
  });
}

/** @param {number} number */
export const nameOf = (number) => `d${String(number).padStart(5, '0')}`;

/**
 * Runs `work(uri)` on libvirtd's test driver, with its own domain or with `count` of them.
 *
 * @template T
 * @param {number | undefined} count
 * @param {(uri: string) => Promise<T>} work
 */
export async function withTheirs(count, work) {
  const folder = mkdtempSync('/tmp/ctb-node-');
  chmodSync(folder, 0o755);
  const libvirtd = await startLibvirtd();
  try {
    if (count === undefined) return await work(libvirtd.uri);
    const domains = Array.from(
      { length: count },
      (_, at) =>
        `<domain type='test'><name>${nameOf(at)}</name><memory>65536</memory><os><type>hvm</type></os></domain>`,
    );
    const file = join(folder, 'node.xml');
    writeFileSync(file, `<node>${domains.join('')}</node>`, { mode: 0o644 });
    return await work(`test+unix://${file}?socket=${libvirtd.socket}`);
  } finally {
    await libvirtd[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  }
}

/**
 * Milliseconds of a whole virsh command.
 *
 * @param {string} uri
 * @param {string[]} args
 */
export async function virsh(uri, ...args) {
  const began = performance.now();
  const { stdout } = await exec('/usr/bin/virsh', ['-c', uri, ...args], {
    env: environment,
    maxBuffer: 64 << 20,
  });
  return { ms: performance.now() - began, stdout };
}

/**
 * What a script of libvirt-python prints.
 *
 * @param {string} script
 * @param {(string | number)[]} args
 */
export async function python(script, ...args) {
  const { stdout } = await exec('/usr/bin/python3', ['-c', script, ...args.map(String)], {
    env: environment,
  });
  return stdout;
}
