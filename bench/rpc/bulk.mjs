// Every counter of many running containers in one call, and how long others wait meanwhile.
// SPDX-License-Identifier: Apache-2.0
import { connect } from '../../packages/rpc/dist/index.js';
import { ms, sideBySide } from '../measure.mjs';
import { define, nameOf, withOurs } from './sides.mjs';

const count = Number(process.env.CTVIRT_BENCH_RUNNING ?? 500);
const rounds = 10;
const reachMs = 150;
const longestWaitMs = 10;

/**
 * Asks for something small again and again until told to stop; returns the longest it took.
 *
 * @param {import('../../packages/rpc/dist/index.js').Connection} connection
 * @param {{ done: boolean }} until
 */
async function ask(connection, until) {
  let longest = 0;
  while (!until.done) {
    const began = performance.now();
    await connection.getType();
    longest = Math.max(longest, performance.now() - began);
  }
  return longest;
}

/** @type {import('../measure.mjs').Row} */
export const bulk = {
  name: 'bulk',
  run: ({ note }) =>
    withOurs(async ({ daemon, uri }) => {
      await define(daemon, 0, count, note);
      let started = 0;
      await sideBySide(
        8,
        Array.from({ length: count }, (_, at) => nameOf(at)),
        async (domain) => {
          await daemon.client.domains.start({ domain });
          if (++started % 50 === 0) note(`${started} of ${count} started`);
        },
      );
      const [asking, other] = [await connect(uri), await connect(uri)];
      try {
        /** @type {number[]} */
        const times = [];
        /** @type {number[]} */
        const waits = [];
        for (let round = 0; round < rounds; round++) {
          const until = { done: false };
          const waiting = ask(other, until);
          const began = performance.now();
          const records = await asking.getAllDomainStats({ doms: [], stats: 0, flags: 0 });
          times.push(performance.now() - began);
          until.done = true;
          waits.push(await waiting);
          if (records.length !== count) throw new Error(`${records.length} records, not ${count}`);
        }
        const [best, wait] = [Math.min(...times), Math.min(...waits)];
        return [
          {
            what: `bulk statistics of ${count} running containers in one call`,
            ours: ms(best),
            reach: `≤ ${reachMs} ms`,
            ok: best <= reachMs,
          },
          {
            what: 'longest answer another client waits for meanwhile',
            ours: ms(wait),
            reach: `≤ ${longestWaitMs} ms`,
            ok: wait <= longestWaitMs,
          },
        ];
      } finally {
        await asking.close();
        await other.close();
      }
    }),
};
