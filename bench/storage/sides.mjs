// What the rows of storage share: a daemon whose roots lie on a file system of their own, and commands as an operator gives them.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withDaemon } from '../daemon.mjs';

/** @typedef {import('../daemon.mjs').Daemon} Daemon */

export const exec = promisify(execFile);
const program = new URL('../../ctvirt', import.meta.url).pathname;

/**
 * Runs ctvirt as an operator does.
 *
 * @param {Daemon} daemon
 * @param {readonly string[]} args
 */
export const ctvirt = (daemon, ...args) =>
  exec(program, ['--root', daemon.folder, ...args], { maxBuffer: 64 << 20 });

/**
 * A daemon that runs and has the busybox template. With `kind` its roots lie on such a file system, in a file that takes blocks as
 * they are used; else on whatever the machine has.
 *
 * @template T
 * @param {'xfs' | 'btrfs' | 'plain'} kind
 * @param {(daemon: Daemon) => Promise<T>} work
 */
export const withRoots = (kind, work) =>
  withDaemon(async (daemon) => {
    const { roots } = daemon.layout;
    if (kind !== 'plain') {
      mkdirSync(roots, { recursive: true, mode: 0o700 });
      const image = join(daemon.folder, 'roots.img');
      await exec('truncate', ['-s', '12G', image]);
      await exec(`mkfs.${kind}`, ['-q', image]);
      await exec('mount', ['-o', 'loop', image, roots]);
      chmodSync(roots, 0o700);
      for (let at = join(roots, '..'); at.startsWith(`${daemon.folder}/`); at = join(at, '..'))
        chmodSync(at, 0o700);
    }
    try {
      await daemon.start();
      await daemon.client.templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      return await work(daemon);
    } finally {
      await daemon.stop();
    }
  });

/**
 * Runs a program in a domain that runs, and fails with it.
 *
 * @param {Daemon} daemon
 * @param {string} domain
 * @param {readonly string[]} argv
 */
export const inside = (daemon, domain, ...argv) => ctvirt(daemon, 'exec', domain, '--', ...argv);
