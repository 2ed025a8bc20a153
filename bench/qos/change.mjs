// One limit of a running container changed through the daemon's socket, against its file written by a program that does nothing else.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { withDaemon } from '../daemon.mjs';
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, timed } from '../measure.mjs';

const rounds = 200;
const reachMs = 2;
const reach = 3;

/**
 * The file of the group that holds a domain's limit on processes.
 *
 * @param {number | null} initPid
 */
export function pidsFile(initPid) {
  const groups = readFileSync(`/proc/${initPid}/cgroup`, 'utf8');
  const v1 = /^\d+:pids:(.*)$/m.exec(groups);
  return v1 === null
    ? `/sys/fs/cgroup${/^0::(.*)$/m.exec(groups)?.[1]}/pids.max`
    : `/sys/fs/cgroup/pids${v1[1]}/pids.max`;
}

/** @param {number} value */
const us = (value) => `${(1000 * value).toFixed(0)} µs`;

/** @type {import('../measure.mjs').Row} */
export const change = {
  name: 'change',
  run: ({ note }) =>
    withDaemon(async (daemon) => {
      const { domains, templates, host } = daemon.client;
      await daemon.start();
      await templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      await domains.define({ body: sleepingDomain('one') });
      await domains.start({ domain: 'one' });
      const file = pidsFile((await domains.info({ domain: 'one' })).initPid);
      let limit = 100;
      const sides = {
        ours: () =>
          timed(() =>
            domains.setParameters({
              domain: 'one',
              body: { values: { numproc: String((limit = 100 + ((limit + 1) % 100))) }, live: true },
            }),
          ),
        theirs: () => timed(async () => writeFileSync(file, String(100 + ((limit + 7) % 100)))),
        // The least that any answer of the daemon takes.
        nothing: () => timed(() => host.version()),
      };
      await byTurns(300, sides); // the first ones pay for what later ones find ready
      const times = await byTurns(rounds, sides, note);
      const [ours, theirs, nothing] = [median(times.ours), median(times.theirs), median(times.nothing)];
      return [
        {
          what: `one live change through the daemon, median of ${rounds}`,
          ours: us(ours),
          reach: `< ${reachMs} ms`,
          ok: ours < reachMs,
          times,
        },
        {
          what: 'the same, against writing the file directly from Node',
          ours: us(ours),
          theirs: us(theirs),
          ratio: ours / theirs,
          reach: `≤ ${reach} ×`,
          ok: ours / theirs <= reach,
        },
        {
          what: 'the same less the least that an answer of the daemon takes',
          ours: us(ours - nothing),
          theirs: us(theirs),
          ratio: (ours - nothing) / theirs,
          reach: '',
          ok: true,
        },
      ];
    }),
};
