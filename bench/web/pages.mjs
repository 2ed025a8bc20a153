// What a page takes that shows many domains: elements, time to its first row, bytes, requests, and how long it does not answer.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import { setTimeout as sleep } from 'node:timers/promises';
import { median, ms } from '../measure.mjs';
import { withDesk } from './browser.mjs';

const reach = { nodes: 1, firstRow: 1.5, firstLine: 1 / 3, requests: 12, idle: 0, kib: 60, longTasks: 0 };
const longTaskMs = 200;
const idleMs = 60_000;
const settleMs = 1500;

/**
 * Opens the list anew and tells how long its first row took, in milliseconds of the page's own clock, and how many elements there are.
 *
 * @param {import('./browser.mjs').Desk} desk
 */
async function firstRow({ context, url }) {
  const page = await context.newPage();
  await page.addInitScript(() => {
    const seen = new MutationObserver(() => {
      if (document.querySelector('.list [data-at="0"]') === null) return;
      performance.mark('first-row');
      seen.disconnect();
    });
    seen.observe(document, { subtree: true, childList: true });
  });
  await page.goto(`${url}/domains`);
  await page.locator('.list [data-at="0"]').waitFor();
  await page.locator('.live[data-state="live"]').waitFor();
  // Numbers come after names.
  await sleep(settleMs);
  const tookMs = await page.evaluate(() => performance.getEntriesByName('first-row')[0].startTime);
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  await page.close();
  return { tookMs, nodes };
}

/**
 * Asks for the list row by row, and tells how long the first of them took and the whole.
 *
 * @param {import('./browser.mjs').Desk} desk
 */
async function firstLine({ client }) {
  let firstMs = 0;
  const began = performance.now();
  await client.domains.list({}, { onRow: () => (firstMs ||= performance.now() - began) });
  return { firstMs, wholeMs: performance.now() - began };
}

/**
 * @param {number} count
 * @param {number} rounds
 */
async function listOf(count, rounds) {
  return await withDesk(count, async (desk) => {
    /** @type {{ tookMs: number, nodes: number }[]} */
    const looks = [];
    // The first one is what fills the browser's caches.
    for (let round = 0; round <= rounds; round++) looks.push(await firstRow(desk));
    const counted = looks.slice(1);
    /** @type {{ firstMs: number, wholeMs: number }[]} */
    const lines = [];
    for (let round = 0; round <= rounds; round++) lines.push(await firstLine(desk));
    const [firstLineMs, wholeMs] = [
      median(lines.slice(1).map(({ firstMs }) => firstMs)),
      median(lines.slice(1).map(({ wholeMs }) => wholeMs)),
    ];
    return {
      firstMs: median(counted.map(({ tookMs }) => tookMs)),
      nodes: counted.at(-1)?.nodes ?? 0,
      firstLineMs,
      wholeMs,
    };
  });
}

/**
 * The overview from nothing to rest, and a minute of that.
 *
 * @param {number} count
 */
async function overviewOf(count) {
  return await withDesk(count, async ({ page, context, url }) => {
    await page.close();
    const own = await context.newPage();
    const session = await context.newCDPSession(own);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    /** @type {Map<string, string>} */
    const paths = new Map();
    let bytes = 0;
    session.on('Network.requestWillBeSent', ({ requestId, request }) =>
      paths.set(requestId, new URL(request.url).pathname),
    );
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (!(paths.get(requestId) ?? '/v1').startsWith('/v1')) bytes += encodedDataLength;
    });
    await own.addInitScript((most) => {
      Object.assign(globalThis, { longTasks: 0 });
      new PerformanceObserver((list) => {
        const long = list.getEntries().filter(({ duration }) => duration > most).length;
        Object.assign(globalThis, { longTasks: Reflect.get(globalThis, 'longTasks') + long });
      }).observe({ type: 'longtask', buffered: true });
    }, longTaskMs);
    await own.goto(url);
    await own.locator('.live[data-state="live"]').waitFor();
    await sleep(3000);
    const all = [...paths.values()];
    const requests = all.filter((path) => path.startsWith('/v1')).length;
    const before = paths.size;
    await sleep(idleMs);
    /** @type {number} */
    const longTasks = await own.evaluate(() => Reflect.get(globalThis, 'longTasks'));
    return { requests, files: before - requests, idle: [...paths.values()].slice(before), bytes, longTasks };
  });
}

/** @type {import('../measure.mjs').Row} */
export const pages = {
  name: 'pages',
  async run({ note, count = 10_000, rounds = 3 }) {
    note('100 domains');
    const few = await listOf(100, rounds);
    note('1,000 domains');
    const some = await listOf(1000, rounds);
    note(`${count} domains`);
    const many = await listOf(count, rounds);
    note('the overview of 1,000, and a minute of rest');
    const { requests, files, idle, bytes, longTasks } = await overviewOf(1000);
    const [nodes, firstRow] = [many.nodes / some.nodes, many.firstMs / few.firstMs];
    return [
      {
        what: `pages: elements of the list, of ${count} domains / of 1,000`,
        ours: String(many.nodes),
        theirs: String(some.nodes),
        ratio: nodes,
        reach: `= ${reach.nodes}`,
        ok: nodes === reach.nodes,
      },
      {
        what: `pages: until the first row, of ${count} domains / of 100`,
        ours: ms(many.firstMs),
        theirs: ms(few.firstMs),
        ratio: firstRow,
        reach: `<= ${reach.firstRow}`,
        ok: firstRow <= reach.firstRow,
      },
      {
        what: `pages: first row of an answer row by row, of ${count} domains / the whole answer`,
        ours: ms(many.firstLineMs),
        theirs: ms(many.wholeMs),
        ratio: many.firstLineMs / many.wholeMs,
        reach: '<= 1/3',
        ok: many.firstLineMs / many.wholeMs <= reach.firstLine,
      },
      {
        what: `pages: requests of the overview until it rests, besides ${files} files`,
        ours: String(requests),
        reach: `<= ${reach.requests}`,
        ok: requests <= reach.requests,
      },
      {
        what: 'pages: requests in a minute of rest',
        ours: idle.length === 0 ? '0' : `${idle.length}: ${[...new Set(idle)].join(' ')}`,
        reach: String(reach.idle),
        ok: idle.length <= reach.idle,
      },
      {
        what: 'pages: first load over the wire, headers included',
        ours: `${(bytes / 1024).toFixed(1)} KiB`,
        reach: `<= ${reach.kib} KiB`,
        ok: bytes / 1024 <= reach.kib,
      },
      {
        what: `pages: tasks of the overview longer than ${longTaskMs} ms`,
        ours: String(longTasks),
        reach: String(reach.longTasks),
        ok: longTasks <= reach.longTasks,
      },
    ];
  },
};
