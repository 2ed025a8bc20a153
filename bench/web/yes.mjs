// A program that prints for ever in a terminal of a page: what lies between the two, what each holds, and whether the page still obeys.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeNumber, FrameDecoder } from '../../packages/api/dist/index.js';
import { mb, median, ms } from '../measure.mjs';
import { withContainer } from './browser.mjs';
import { openShell, pressed, untilPrompt } from './terminal.mjs';

const reach = { unseen: 256 * 1024, keyMs: 200, endMs: 500, grown: 10e6 };
const lookMs = 5000;
const looks = 6;

/**
 * Counts what comes for the terminals of a page, and what it says it has shown.
 *
 * @param {import('playwright-core').CDPSession} session
 */
async function counting(session) {
  const count = { come: 0, unseen: 0, most: 0 };
  const [down, up] = [new FrameDecoder(), new FrameDecoder()];
  /** @param {{ response: { opcode: number, payloadData: string } }} event */
  const bytesOf = ({ response: { opcode, payloadData } }) =>
    Buffer.from(opcode === 2 ? payloadData : '', 'base64');
  session.on('Network.webSocketFrameReceived', (event) => {
    for (const { type, payload } of down.push(bytesOf(event))) {
      if (type !== 'stdout') continue;
      count.come += payload.length;
      count.unseen += payload.length;
      count.most = Math.max(count.most, count.unseen);
    }
  });
  session.on('Network.webSocketFrameSent', (event) => {
    for (const frame of up.push(bytesOf(event)))
      if (frame.type === 'seen') count.unseen -= decodeNumber(frame);
  });
  await session.send('Network.enable');
  return count;
}

/** @param {import('playwright-core').CDPSession} session */
async function heapOf(session) {
  await session.send('HeapProfiler.collectGarbage');
  /** @type {{ usedSize: number, backingStorageSize?: number }} */
  const { usedSize, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage');
  return usedSize + backingStorageSize;
}

/**
 * From a key that no program is told of until the next frame.
 *
 * @param {import('playwright-core').Page} page
 */
async function keyAnswered(page) {
  const { pressed: at, frame } = await pressed(page, 'Shift');
  return frame - at;
}

/**
 * From ^C until the prompt is there.
 *
 * @param {import('playwright-core').Page} page
 */
async function interrupted(page) {
  const { pressed: at } = await pressed(page, 'Control+c');
  return (await untilPrompt(page)) - at;
}

/** @param {import('playwright-core').Page} page */
async function begin(page) {
  await page.keyboard.type('yes');
  await page.keyboard.press('Enter');
}

/**
 * By how much more there is in the second half at its lowest: between two collections memory is more than what is held.
 *
 * @param {readonly number[]} values
 */
function risen(values) {
  const half = values.length / 2;
  return Math.max(0, Math.min(...values.slice(half)) - Math.min(...values.slice(0, half)));
}

/** @type {import('../measure.mjs').Row} */
export const yes = {
  name: 'yes',
  run: ({ note, rounds = 5 }) =>
    withContainer('one', async (desk, daemon) => {
      const { page, context } = desk;
      const session = await context.newCDPSession(page);
      const count = await counting(session);
      await openShell(desk, 'one');
      await begin(page);
      /** @type {{ heap: number[], daemon: number[], keys: number[] }} */
      const held = { heap: [], daemon: [], keys: [] };
      for (let look = 1; look <= looks; look++) {
        note(`${(look * lookMs) / 1000} s of ${(looks * lookMs) / 1000}`);
        await sleep(lookMs);
        held.keys.push(await keyAnswered(page));
        held.heap.push(await heapOf(session));
        held.daemon.push(daemon.memory().now);
      }
      const come = count.come;
      const ends = [await interrupted(page)];
      while (ends.length < rounds) {
        note(`^C ${ends.length + 1} of ${rounds}`);
        await begin(page);
        await sleep(3000);
        ends.push(await interrupted(page));
      }
      const [keyMs, endMs] = [Math.max(...held.keys), median(ends)];
      const [heap, resident] = [risen(held.heap), risen(held.daemon)];
      const seconds = (looks * lookMs) / 1000;
      return [
        {
          what: `yes: the most of ${mb(come)} in ${seconds} s that had come and was not shown`,
          ours: `${Math.round(count.most / 1024)} KiB`,
          reach: `<= ${reach.unseen / 1024} KiB`,
          ok: count.most <= reach.unseen,
        },
        {
          what: `yes: the page's heap, of ${mb(held.heap[0] ?? 0)}, grows in the second half by`,
          ours: mb(heap),
          reach: `<= ${mb(reach.grown)}`,
          ok: heap <= reach.grown,
          held: held.heap,
        },
        {
          what: `yes: the daemon, of ${mb(held.daemon[0] ?? 0)}, grows meanwhile by`,
          ours: mb(resident),
          reach: `<= ${mb(reach.grown)}`,
          ok: resident <= reach.grown,
          held: held.daemon,
        },
        {
          what: 'yes: from a key to the next frame of the page, the longest',
          ours: ms(keyMs),
          reach: `<= ${reach.keyMs} ms`,
          ok: keyMs <= reach.keyMs,
          keys: held.keys,
        },
        {
          what: `yes: from ^C to the prompt, median of ${rounds}`,
          ours: ms(endMs),
          reach: `<= ${reach.endMs} ms`,
          ok: endMs <= reach.endMs,
          ends,
        },
      ];
    }),
};
