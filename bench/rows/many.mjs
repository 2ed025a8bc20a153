// Three hundred containers, four at a time, and the memory they take: through the daemon against xargs and lxc-start.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { mountBare, prepareBare, startAllBare, stopBare, unmountBare } from '../bare.mjs';
import { withDaemon } from '../daemon.mjs';
import { names, sleeper, sleepingDomain } from '../domains.mjs';
import { byTurns, mb, median, ms, sideBySide, timed } from '../measure.mjs';

const WIDTH = 4;
const ENDS = 30;

/** What could be had now without swapping: machine-wide, so nothing that a container costs is forgotten. */
function availableBytes() {
  return 1024 * Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
}

/**
 * Bytes per container between before and after; some time passes, for what the kernel does later.
 *
 * @template T
 * @param {number} count
 * @param {() => Promise<T>} work
 */
async function memoryOf(count, work) {
  await sleep(1500);
  const before = availableBytes();
  const result = await work();
  await sleep(1500);
  return { perContainer: (before - availableBytes()) / count, result };
}

/**
 * The process inside alone, run as often without any container.
 *
 * @param {number} count
 */
async function plainProcesses(count) {
  /** @type {import('node:child_process').ChildProcess[]} */
  const children = [];
  const { perContainer } = await memoryOf(count, async () => {
    for (let index = 0; index < count; index++)
      children.push(
        spawn('/usr/bin/busybox', sleeper.slice(1).toSpliced(0, 0, 'sleep'), { stdio: 'ignore' }),
      );
  });
  for (const child of children) child.kill('SIGKILL');
  return perContainer;
}

/** @type {import('../measure.mjs').Row} */
export const many = {
  name: 'many',
  run: ({ note, count = 300, rounds = 3 }) =>
    withDaemon(async (daemon) => {
      const { domains, templates } = daemon.client;
      await daemon.start();
      await templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      const all = names('c', count);
      note(`defining ${count} domains`);
      await sideBySide(WIDTH, all, async (name) => {
        await domains.define({ body: sleepingDomain(name) });
      });
      // Each once, to take its configuration for the other side.
      await sideBySide(WIDTH, all, async (domain) => {
        await domains.start({ domain });
        await prepareBare(daemon, domain);
        await domains.destroy({ domain });
      });
      /** @type {{ first: number, last: number }[]} */
      const ends = [];
      /** @type {Record<'ours' | 'theirs' | 'plain', number[]>} */
      const memory = { ours: [], theirs: [], plain: [] };
      const sides = {
        ours: async () => {
          /** @type {number[]} */
          const each = [];
          const { perContainer, result } = await memoryOf(count, () =>
            timed(() =>
              sideBySide(WIDTH, all, async (domain) => {
                each.push(await timed(() => domains.start({ domain })));
              }),
            ),
          );
          memory.ours.push(perContainer);
          ends.push({ first: median(each.slice(0, ENDS)), last: median(each.slice(-ENDS)) });
          await sideBySide(WIDTH, all, (domain) => domains.destroy({ domain }));
          return result;
        },
        theirs: async () => {
          for (const name of all) await mountBare(daemon, name, 'busybox');
          const { perContainer, result } = await memoryOf(count, () =>
            timed(() => startAllBare(daemon, all, sleeper, WIDTH)),
          );
          memory.theirs.push(perContainer);
          await sideBySide(WIDTH, all, (name) => stopBare(daemon, name));
          for (const name of all) unmountBare(daemon, name);
          return result;
        },
      };
      const times = await byTurns(rounds, sides, note);
      for (let round = 0; round < rounds; round++) memory.plain.push(await plainProcesses(count));
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      const first = median(ends.map((end) => end.first));
      const last = median(ends.map((end) => end.last));
      const own = median(memory.plain);
      const beyond = { ours: median(memory.ours) - own, theirs: median(memory.theirs) - own };
      return [
        {
          what: `${count} domains started, ${WIDTH} at a time, against xargs -P${WIDTH} lxc-start`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 1.5 ×',
          ok: ours / theirs <= 1.5,
          times,
        },
        {
          what: `the last ${ENDS} of them, against the first ${ENDS}`,
          ours: ms(last),
          theirs: ms(first),
          ratio: last / first,
          reach: '≤ 1.25 ×',
          ok: last / first <= 1.25,
          ends,
        },
        {
          what: 'memory of a running container, machine-wide, beyond its own process',
          ours: mb(beyond.ours),
          theirs: mb(beyond.theirs),
          ratio: beyond.ours / beyond.theirs,
          reach: '≤ 1.5 MB',
          ok: beyond.ours <= 1.5e6,
          memory,
        },
      ];
    }),
};
