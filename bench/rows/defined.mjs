// A daemon with many defined domains: how soon it answers, what memory it takes, how fast the command line lists them.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Daemon, withDaemon } from '../daemon.mjs';
import { names, sleepingDomain } from '../domains.mjs';
import { byTurns, mb, median, ms, sideBySide, timed } from '../measure.mjs';

const run = promisify(execFile);
const checkout = new URL('../../', import.meta.url).pathname;

/**
 * Real defines, all of them; in memory, where a sync takes no time, and then copied to the disk.
 *
 * @param {Daemon} daemon
 * @param {number} count
 * @param {import('../../scripts/steps.mjs').Note} note
 */
async function defineMany(daemon, count, note) {
  const inMemory = join(daemon.folder, 'm');
  mkdirSync(inMemory, { mode: 0o711 });
  await run('mount', ['-t', 'tmpfs', '-o', 'mode=711,nr_inodes=0,size=80%', 'm', inMemory]);
  const first = new Daemon(inMemory);
  await first.start();
  await first.client.templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
  let done = 0;
  await sideBySide(8, names('d', count), async (name) => {
    await first.client.domains.define({ body: sleepingDomain(name) });
    note(`${++done} of ${count} defined`);
  });
  await first.stop();
  first.client.close();
  for (const part of ['etc', 'lib']) await run('cp', ['--archive', join(inMemory, part), daemon.folder]);
  await run('umount', [inMemory]);
}

/** What reading as many records takes a program that does nothing else. */
const readRecords = `
const { readdirSync, readFileSync } = require('node:fs');
const folder = process.argv[1];
const records = readdirSync(folder).map((name) => JSON.parse(readFileSync(folder + '/' + name + '/record.json', 'utf8')));
if (records.length === 0) process.exit(1);
`;

/** @type {import('../measure.mjs').Row} */
export const boot = {
  name: 'boot',
  run: ({ note, count = 10_000, rounds = 7 }) =>
    withDaemon(async (daemon) => {
      await defineMany(daemon, count, note);
      /** @type {number[]} */
      const peaks = [];
      const times = await byTurns(
        rounds,
        {
          ours: async () => {
            const took = await daemon.start();
            peaks.push(daemon.memory().peak);
            await daemon.stop();
            return took;
          },
          theirs: () => timed(() => run(process.execPath, ['--eval', readRecords, daemon.layout.domains])),
        },
        note,
      );
      const [ours, theirs, peak] = [median(times.ours), median(times.theirs), median(peaks)];
      return [
        {
          what: `the daemon's start with ${count} domains, to its first answer, against reading their records`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 2 s',
          ok: ours <= 2000,
          times,
        },
        {
          what: `its memory then, at its highest`,
          ours: mb(peak),
          theirs: '',
          reach: '≤ 250 MB',
          ok: peak <= 250e6,
          peaks,
        },
      ];
    }),
};

/** @type {import('../measure.mjs').Row} */
export const list = {
  name: 'list',
  run: ({ note, count = 1000, rounds = 15 }) =>
    withDaemon(async (daemon) => {
      await defineMany(daemon, count, note);
      await daemon.start();
      /** @param {string[]} args */
      const ctvirt = (...args) =>
        run(join(checkout, 'ctvirt'), ['--root', daemon.folder, ...args], { maxBuffer: 1 << 26 });
      const lines = (await ctvirt('list', '--all')).stdout
        .split('\n')
        .filter((line) => line.includes('shut off'));
      if (lines.length !== count) throw new Error(`list --all shows ${lines.length} domains, not ${count}`);
      const times = await byTurns(
        rounds,
        {
          ours: () => timed(() => ctvirt('list', '--all')),
          theirs: () => timed(() => run(process.execPath, ['--eval', '0'])),
        },
        note,
      );
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      return [
        {
          what: `ctvirt list --all with ${count} domains, the whole command, against node alone`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 300 ms',
          ok: ours <= 300,
          times,
        },
      ];
    }),
};
