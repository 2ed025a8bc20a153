// History of many domains that use something all the time: what a minute's writing takes, and the memory of it all.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mb, median, ms } from '../measure.mjs';

const run = promisify(execFile);
const program = new URL('history-load.mjs', import.meta.url).pathname;
/** Files that are written lie on a disk. */
const onDisk = new URL('../../.cache/', import.meta.url).pathname;
const reach = { tickMs: 25, bytes: 40e6 };

/**
 * @param {string} folder
 * @param {number} count
 * @param {number} rounds
 * @param {'kept' | 'not'} how
 * @returns {Promise<{ ticks: number[], longest: number[], day: number[], bytes: number, disk: number }>}
 */
async function load(folder, count, rounds, how) {
  const args = ['--expose-gc', program, folder, String(count), String(rounds), how];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 1e8 });
  return JSON.parse(stdout);
}

/** @type {import('../measure.mjs').Row} */
export const history = {
  name: 'history',
  run: async ({ note, count = 1000, rounds = 30 }) => {
    const folder = mkdtempSync(join(onDisk, 'history-'));
    try {
      note(`${rounds} minutes of ${count} domains`);
      const { ticks, longest, day, disk } = await load(folder, count, rounds, 'kept');
      // How far a heap has grown is chance, within some megabytes.
      const more = [];
      for (let at = 0; at < 3; at++)
        more.push((await load(folder, count, 1, 'kept')).bytes - (await load(folder, count, 1, 'not')).bytes);
      const bytes = median(more);
      const [tick, one] = [median(ticks), median(day)];
      return [
        {
          what: `history: a minute of ${count} domains is written, of a processor`,
          ours: ms(tick),
          reach: `<= ${reach.tickMs} ms`,
          ok: tick <= reach.tickMs,
          ticks,
        },
        {
          what: 'history: the longest that others wait meanwhile',
          ours: ms(median(longest)),
          longest,
        },
        { what: 'history: a day of three series is read', ours: ms(one), day },
        {
          what: `history: memory of ${count} domains, a full hour, more than without`,
          ours: mb(bytes),
          reach: `<= ${mb(reach.bytes)}`,
          ok: bytes <= reach.bytes,
        },
        {
          what: `history: on the disk after ${rounds + 60} minutes, each`,
          ours: `${(disk / 1024).toFixed(0)} KiB`,
        },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
