// All domains, listed by virsh: as many on both sides, then ten times as many here.
// SPDX-License-Identifier: Apache-2.0
import { byTurns, ms } from '../measure.mjs';
import { define, virsh, withOurs, withTheirs } from './sides.mjs';

const count = 1000;
const more = 10 * count;
const rounds = 7;
const reach = 1.5;
/** Ten times as many may take this much longer. */
const linear = 12;

/**
 * @param {string} uri
 * @param {number} expected
 */
async function listing(uri, expected) {
  const { ms: took, stdout } = await virsh(uri, 'list', '--all');
  const lines = stdout.split('\n').filter((line) => /\bd\d{5}\b/.test(line)).length;
  if (lines !== expected) throw new Error(`${lines} domains listed, not ${expected}`);
  return took;
}

/** @type {import('../measure.mjs').Row} */
export const list = {
  name: 'list',
  run: ({ note }) =>
    withOurs(({ daemon, uri }) =>
      withTheirs(count, async (theirUri) => {
        await define(daemon, 0, count, note);
        const times = await byTurns(
          rounds,
          { ours: () => listing(uri, count), theirs: () => listing(theirUri, count) },
          note,
        );
        const [ours, theirs] = [Math.min(...times.ours), Math.min(...times.theirs)];
        await define(daemon, count, more - count, note);
        /** @type {number[]} */
        const many = [];
        for (let round = 0; round < rounds; round++) many.push(await listing(uri, more));
        const best = Math.min(...many);
        return [
          {
            what: `virsh list --all, ${count} domains`,
            ours: ms(ours),
            theirs: ms(theirs),
            ratio: ours / theirs,
            reach: `≤ ${reach} ×`,
            ok: ours / theirs <= reach,
          },
          {
            what: `virsh list --all, ${more} domains / ${count} domains, both here`,
            ours: ms(best),
            theirs: ms(ours),
            ratio: best / ours,
            reach: `≤ ${linear} ×`,
            ok: best / ours <= linear,
          },
        ];
      }),
    ),
};
