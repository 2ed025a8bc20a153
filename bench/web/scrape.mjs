// A scrape of many running domains: what it takes, and how long others wait for their answers meanwhile.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { mb, median, ms } from '../measure.mjs';
import { processorMs, withDomains } from './memory-daemon.mjs';

const run = promisify(execFile);
const reach = { scrapeMs: 100, waitMs: 10 };
/**
 * Asks for something small again and again until told to stop; answers how long each answer took.
 *
 * @param {string} socketPath
 */
function asking(socketPath) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** @type {number[]} */
  const waits = [];
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      const began = performance.now();
      await new Promise((resolve, reject) => {
        get({ socketPath, path: '/v1/jobs', agent }, (answer) => answer.resume().on('end', resolve)).on(
          'error',
          reject,
        );
      });
      waits.push(performance.now() - began);
      await sleep(1);
    }
    agent.destroy();
  })();
  return async () => {
    isOver = true;
    await done;
    return waits.slice(1);
  };
}

/**
 * A scrape by a program of its own, which does nothing with it: seconds and bytes.
 *
 * @param {string} socketPath
 */
async function scraped(socketPath) {
  const { stdout } = await run('curl', [
    ...['--silent', '--fail', '--unix-socket', socketPath, '--output', '/dev/null'],
    ...['--write-out', '%{time_total} %{size_download}', 'http://ctvirt/metrics'],
  ]);
  const [seconds = 0, bytes = 0] = stdout.split(' ').map(Number);
  return { seconds, bytes };
}

/**
 * Has a process, with its threads, run before all that is not of this kind.
 *
 * @param {number} pid
 */
const beforeOthers = (pid) => run('chrt', ['--all-tasks', '--rr', '--pid', '10', String(pid)]);

/** @param {readonly number[]} values */
const highest = (values) => Math.max(...values);

/** @type {import('../measure.mjs').Row} */
export const scrape = {
  name: 'scrape',
  async run({ note, count = 1000, rounds = 20 }) {
    note(`starting ${count} domains in memory`);
    // Of its domains each second one runs.
    return await withDomains(2 * count, async ({ socketPath, pid }) => {
      // A program that waits for a processor keeps everybody waiting, whatever it does: of that there is no more here than of others' work.
      await Promise.all([pid, process.pid].map(beforeOthers));
      note('waiting for a look at all of them');
      await sleep(11_000);
      // What comes before is what a program that has just begun takes longer for.
      for (let round = 0; round < rounds; round++) await scraped(socketPath);
      const before = processorMs(pid);
      for (let round = 0; round < rounds; round++) await scraped(socketPath);
      const had = (processorMs(pid) - before) / rounds;
      /** @type {{ seconds: number, bytes: number, longest: number }[]} */
      const scrapes = [];
      /** @type {number[]} */
      const without = [];
      for (let round = 0; round < rounds; round++) {
        const busy = asking(socketPath);
        const one = await scraped(socketPath);
        scrapes.push({ ...one, longest: highest(await busy()) });
        // As long without, by turns: the longest of more waits would be longer.
        const calm = asking(socketPath);
        await sleep(1000 * one.seconds);
        without.push(highest(await calm()));
      }
      const took = median(scrapes.map(({ seconds }) => 1000 * seconds));
      const waited = median(scrapes.map(({ longest }) => longest));
      return [
        {
          what: `scrape of ${count} running domains and as many that are off, ${mb(scrapes[0]?.bytes ?? 0)}`,
          ours: `${ms(had)} of a processor, ${ms(took)} while others ask`,
          reach: `<= ${reach.scrapeMs} ms`,
          ok: had <= reach.scrapeMs,
        },
        {
          what: 'the longest that another client waits meanwhile; beside it without a scrape',
          ours: ms(waited),
          theirs: ms(median(without)),
          reach: `<= ${reach.waitMs} ms`,
          ok: waited <= reach.waitMs,
        },
      ];
    });
  },
};
