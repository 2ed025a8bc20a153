// What pages that are open cost the daemon, and how soon they show what happens.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import { setTimeout as sleep } from 'node:timers/promises';
import { median, ms } from '../measure.mjs';
import { withDesk } from './browser.mjs';
import { processorMs } from './memory-daemon.mjs';

const reach = { shownMs: 100, others: 0, processor: 1.1, streams: 1 };
/** Numbers come every ten seconds. */
const windowMs = 30_000;
const tabs = 10;
const crowd = 12;

/**
 * Suspends and resumes a domain before an open list: how long it took from the call until the cell was another, and how many other
 * rows were touched.
 *
 * @param {import('./browser.mjs').Desk} desk
 * @param {number} rounds
 */
async function shown({ page, url, client }, rounds) {
  await page.goto(`${url}/domains?state=running`);
  const row = page.locator('.list [data-at="0"]');
  await row.waitFor();
  await page.goto(`${url}/domains`);
  await row.waitFor();
  await page.locator('.live[data-state="live"]').waitFor();
  const names = await page.locator('.list .row[data-at] .name').allTextContents();
  const running = (await client.domains.list({ active: true })).map(({ name }) => name);
  const name = running.find((one) => names.some((text) => text.startsWith(one)));
  if (name === undefined) throw new Error('no running domain is to be seen');
  /** @type {number[]} */
  const times = [];
  let others = 0;
  for (let round = 0; round < rounds; round++) {
    // Between two rounds of numbers nothing else changes.
    await page.evaluate((wanted) => {
      Object.assign(globalThis, { touched: new Map() });
      new MutationObserver((records, observer) => {
        const touched = Reflect.get(globalThis, 'touched');
        for (const { target } of records) {
          const at = target instanceof Element ? target : target.parentElement;
          const of = at?.closest('[data-at]')?.querySelector('.name')?.textContent;
          if (of !== undefined && !touched.has(of))
            touched.set(of, performance.timeOrigin + performance.now());
        }
        if ([...touched.keys()].some((of) => of.startsWith(wanted)))
          setTimeout(() => observer.disconnect(), 50);
      }).observe(document.querySelector('.list') ?? document.body, {
        ...{ subtree: true, childList: true, attributes: true, characterData: true },
      });
    }, name);
    const began = performance.timeOrigin + performance.now();
    await (round % 2 === 0
      ? client.domains.suspend({ domain: name })
      : client.domains.resume({ domain: name }));
    await sleep(400);
    /** @type {[string, number][]} */
    const touched = await page.evaluate(() => [...Reflect.get(globalThis, 'touched')]);
    const own = touched.find(([of]) => of.startsWith(name));
    if (own === undefined) throw new Error(`the page did not show ${name} anew`);
    times.push(own[1] - began);
    others += touched.length - 1;
  }
  return { shownMs: median(times), others };
}

/**
 * What the daemon takes of a processor with so many pages, and without, by turns.
 *
 * @param {import('./browser.mjs').Desk} desk
 * @param {number} rounds
 * @param {import('../../scripts/steps.mjs').Note} note
 */
async function watched({ context, url, pid }, rounds, note) {
  const window = async () => {
    const before = processorMs(pid);
    await sleep(windowMs);
    return processorMs(pid) - before;
  };
  /** @type {{ without: number[], with: number[] }} */
  const took = { without: [], with: [] };
  for (let round = 0; round < rounds; round++) {
    note(`round ${round + 1} of ${rounds}: no page`);
    took.without.push(await window());
    note(`round ${round + 1} of ${rounds}: ${tabs} pages`);
    const pages = await Promise.all(Array.from({ length: tabs }, () => context.newPage()));
    for (const page of pages) {
      await page.goto(`${url}/domains`);
      await page.locator('.live[data-state="live"]').waitFor();
    }
    await sleep(2000);
    took.with.push(await window());
    await Promise.all(pages.map((page) => page.close()));
  }
  return { without: median(took.without), with: median(took.with) };
}

/** @param {import('./browser.mjs').Desk} desk */
async function streams({ context, url }) {
  let open = 0;
  context.on('request', (request) => {
    if (!request.url().includes('/v1/events/usage')) return;
    open++;
  });
  context.on('requestfailed', (request) => {
    if (request.url().includes('/v1/events/usage')) open--;
  });
  const pages = await Promise.all(Array.from({ length: crowd }, () => context.newPage()));
  for (const page of pages) {
    await page.goto(`${url}/domains`);
    await page.locator('.live[data-state="live"]').waitFor();
  }
  await Promise.all(pages.map((page) => page.close()));
  return open;
}

/** @type {import('../measure.mjs').Row} */
export const live = {
  name: 'live',
  async run({ note, count = 1000, rounds = 3 }) {
    note(`starting ${count} domains in memory`);
    // Of its domains each second one runs.
    return await withDesk(2 * count, async (desk) => {
      note('what happens is shown');
      const { shownMs, others } = await shown(desk, 4 * rounds);
      await desk.page.goto('about:blank');
      const held = await streams(desk);
      const took = await watched(desk, rounds, note);
      const ratio = took.with / took.without;
      return [
        {
          what: 'live: until the page shows that a domain was suspended, the call included',
          ours: ms(shownMs),
          reach: `<= ${reach.shownMs} ms`,
          ok: shownMs <= reach.shownMs,
        },
        {
          what: 'live: other rows that were touched',
          ours: String(others),
          reach: String(reach.others),
          ok: others <= reach.others,
        },
        {
          what: `live: streams that ${crowd} open pages hold`,
          ours: String(held),
          reach: String(reach.streams),
          ok: held <= reach.streams,
        },
        {
          what: `live: the daemon's processor time in ${windowMs / 1000} s, ${tabs} pages of ${count} running domains / none`,
          ours: ms(took.with),
          theirs: ms(took.without),
          ratio,
          reach: `<= ${reach.processor}`,
          ok: ratio <= reach.processor,
        },
      ];
    });
  },
};
