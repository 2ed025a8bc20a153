// Everything that is known of many running containers in one go, and what it costs to ask for it all the time.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDaemon } from '../daemon.mjs';
import { names, sleepingDomain } from '../domains.mjs';
import { median, ms, sideBySide } from '../measure.mjs';

const count = Number(process.env.CTVIRT_BENCH_RUNNING ?? 500);
const rounds = 20;
const reachMs = 150;
const pollSeconds = 10;
const polls = 6;
const reachShare = 0.02;

/**
 * Seconds of processor time that a process has had.
 *
 * @param {number} pid
 */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** @type {import('../measure.mjs').Row} */
export const report = {
  name: 'report',
  run: ({ note }) =>
    withDaemon(async (daemon) => {
      const { beancounters, domains, templates } = daemon.client;
      await daemon.start();
      await templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      let done = 0;
      await sideBySide(8, names('c', count), async (name) => {
        await domains.define({ body: sleepingDomain(name) });
        await domains.start({ domain: name });
        if (++done % 50 === 0) note(`${done} of ${count} started`);
      });
      /** @type {number[]} */
      const times = [];
      for (let round = 0; round < rounds; round++) {
        const began = performance.now();
        const answer = await beancounters.list();
        times.push(performance.now() - began);
        if (answer.length !== count) throw new Error(`${answer.length} reports, not ${count}`);
      }
      /** @param {() => Promise<unknown>} work */
      const usedBy = async (work) => {
        const [before, began] = [cpuSeconds(daemon.pid), performance.now()];
        await work();
        return (cpuSeconds(daemon.pid) - before) / ((performance.now() - began) / 1000);
      };
      note(`left alone for ${(pollSeconds * polls) / 2} s`);
      const idle = await usedBy(() => sleep((1000 * pollSeconds * polls) / 2));
      const polled = await usedBy(async () => {
        for (let poll = 0; poll < polls; poll++) {
          note(`poll ${poll + 1} of ${polls}`);
          await beancounters.list();
          await sleep(1000 * pollSeconds);
        }
      });
      const ours = median(times);
      /** @param {number} share */
      const percent = (share) => `${(100 * share).toFixed(2)} %`;
      return [
        {
          what: `full report of ${count} running containers in one call, median of ${rounds}`,
          ours: ms(ours),
          reach: `≤ ${reachMs} ms`,
          ok: ours <= reachMs,
          times,
        },
        {
          what: `one core's share, asked every ${pollSeconds} s; theirs: not asked`,
          ours: percent(polled),
          theirs: percent(idle),
          reach: `≤ ${percent(reachShare)}`,
          ok: polled <= reachShare,
        },
      ];
    }),
};
