// The second backup of a domain of 2 GB, 5 MB of which changed since, against its first: off, and running in an image and in a folder.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, ms, timed } from '../measure.mjs';
import { fill } from './filled.mjs';
import { ctvirt, inside, withRoots } from './sides.mjs';

const limited = "<space_hard_limit unit='GiB'>4</space_hard_limit>";

const sides = [
  { domain: 'off', what: 'that is off', runs: false, limits: '', reach: 0.1 },
  { domain: 'image', what: 'that runs in an image', runs: true, limits: limited, reach: 0.1 },
  { domain: 'folder', what: 'that runs in a folder', runs: true, limits: '', reach: 0.1 },
];

const tools = ['restic', 'borg'];

/** @type {import('../measure.mjs').Row} */
export const backup = {
  name: 'backup',
  run: ({ note, rounds = 3, count = 2000 }) =>
    withRoots('xfs', async (daemon) => {
      const { etc } = daemon.layout;
      const repository = join(daemon.folder, 'repository');
      const password = join(daemon.folder, 'password');
      mkdirSync(etc, { recursive: true });
      writeFileSync(join(etc, 'ctvirtd.conf'), `backup_repositories = ["r ${repository} ${password}"]\n`);
      await daemon.stop();
      await daemon.start();
      const results = [];
      for (const { domain, what, runs, limits, reach } of sides) {
        note(`filling ${domain}`);
        await fill(daemon, domain, { limits, megabytes: count });
        if (runs) await daemon.client.domains.start({ domain });
        /** @type {Map<string, { first: Taken, second: Taken }[]>} */
        const byTool = new Map();
        for (const tool of tools)
          byTool.set(
            tool,
            await ofRounds(rounds, async (round) => {
              note(`${domain}, ${tool}: round ${round + 1} of ${rounds}`);
              // The first of all, each time.
              rmSync(repository, { recursive: true, force: true });
              await ctvirt(daemon, 'backup', 'init', '--again', '--tool', tool);
              const first = await take(daemon, domain);
              await change(daemon, domain, runs);
              return { first, second: await take(daemon, domain) };
            }),
          );
        await daemon.client.domains.destroy({ domain }).catch(() => undefined);
        await daemon.client.domains.undefine({ domain, storage: true });
        for (const [tool, times] of byTool) {
          const first = median(times.map((one) => one.first.took));
          const second = median(times.map((one) => one.second.took));
          const ratio = second / first;
          results.push({
            what: `${tool}: backup after 5 MB changed of ${count} MB in 11,000 files ${what}, against the first`,
            ours: ms(second),
            theirs: ms(first),
            ratio,
            reach: `≤ ${reach} ×`,
            ok: ratio <= reach,
            times,
          });
        }
      }
      return results;
    }),
};

/**
 * @template T
 * @param {number} rounds
 * @param {(round: number) => Promise<T>} work
 */
async function ofRounds(rounds, work) {
  /** @type {T[]} */
  const all = [];
  for (let round = 0; round < rounds; round++) all.push(await work(round));
  return all;
}

/** @typedef {{ took: number, addedBytes: number, frozenMs: number | null }} Taken */

/**
 * @param {import('../daemon.mjs').Daemon} daemon
 * @param {string} domain
 * @returns {Promise<Taken>}
 */
async function take(daemon, domain) {
  let said = '';
  const took = await timed(async () => {
    said = (await ctvirt(daemon, 'backup', domain, '--json')).stdout;
  });
  const { addedBytes, frozenMs } = JSON.parse(said);
  return { took, addedBytes, frozenMs };
}

/**
 * @param {import('../daemon.mjs').Daemon} daemon
 * @param {string} domain
 * @param {boolean} runs
 */
async function change(daemon, domain, runs) {
  if (runs) {
    await inside(daemon, domain, 'dd', 'if=/dev/urandom', 'of=/srv/more', 'bs=1M', 'count=5');
    return;
  }
  const { path } = await daemon.client.domains.mountRoot({ domain });
  writeFileSync(join(path, 'srv', 'more'), randomBytes(5_000_000));
  await daemon.client.domains.unmountRoot({ domain });
}
