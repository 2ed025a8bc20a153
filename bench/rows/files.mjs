// A large file into a container and out of it, against cp on the host.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withDaemon } from '../daemon.mjs';
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, timed } from '../measure.mjs';

const run = promisify(execFile);
const MIB = 512;

/**
 * As the daemon is told of an open file by ctvirt.
 *
 * @param {number} descriptor
 */
function lent(descriptor) {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return { pid: process.pid, descriptor, device: String(dev), inode: String(ino) };
}

/** @param {Awaited<ReturnType<import('../daemon.mjs').Daemon['client']['domains']['push']>>} session */
async function over(session) {
  session.stdin.end();
  session.stdout.resume();
  session.stderr.resume();
  if ((await session.exited) !== 0) throw new Error('the file was not moved');
}

/** @type {import('../measure.mjs').Row} */
export const files = {
  name: 'files',
  run: ({ note, rounds = 7 }) =>
    withDaemon(async (daemon) => {
      await daemon.start();
      const { domains, templates } = daemon.client;
      await templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      await domains.define({ body: sleepingDomain('one') });
      await domains.start({ domain: 'one' });
      const [from, to, warm] = ['from', 'to', 'warm'].map((name) => join(daemon.folder, name));
      const write = (/** @type {string} */ path, /** @type {string} */ what) =>
        run('dd', [`if=${what}`, `of=${path}`, 'bs=1M', `count=${MIB}`]);
      await write(from, '/dev/urandom');
      /**
       * All make a new file, of memory that was just free: what a virtual machine gave back to its host, which it does after two
       * seconds, costs ten times as much.
       *
       * @param {() => Promise<unknown>} work
       */
      const anew = async (work) => {
        await over(await domains.exec({ domain: 'one', open: { argv: ['rm', '-f', '/new'] } }));
        rmSync(to, { force: true });
        await write(warm, '/dev/zero');
        rmSync(warm);
        return await timed(work);
      };
      /**
       * @param {string} path
       * @param {'r' | 'w'} flags
       * @param {(file: ReturnType<typeof lent>) => Promise<void>} work
       */
      const withOpen = async (path, flags, work) => {
        const descriptor = openSync(path, flags);
        await work(lent(descriptor)).finally(() => closeSync(descriptor));
      };
      const push = (/** @type {string} */ path) => () =>
        withOpen(from, 'r', async (file) =>
          over(await domains.push({ domain: 'one', open: { path, form: 'file', lent: file } })),
        );
      const pull = () =>
        withOpen(to, 'w', async (file) =>
          over(await domains.pull({ domain: 'one', open: { path: '/file', lent: file } })),
        );
      const theirs = () => anew(() => run('cp', [from, to]));
      await push('/file')();
      /** @type {import('../measure.mjs').Result[]} */
      const results = [];
      for (const [what, work] of /** @type {const} */ ([
        ['push', push('/new')],
        ['pull', pull],
      ])) {
        const times = await byTurns(rounds, { ours: () => anew(work), theirs }, note);
        const [own, other] = [median(times.ours), median(times.theirs)];
        results.push({
          what: `${what} of a file of ${MIB} MiB, against cp`,
          ours: ms(own),
          theirs: ms(other),
          ratio: own / other,
          reach: '≤ 1.43 ×',
          ok: own / other <= 1 / 0.7,
          times,
        });
      }
      for (const path of [from, to]) rmSync(path, { force: true });
      await domains.destroy({ domain: 'one' });
      await domains.undefine({ domain: 'one', storage: true });
      return results;
    }),
};
