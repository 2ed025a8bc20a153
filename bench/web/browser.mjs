// Debian's Chromium before a daemon with domains in memory: who came in by a link of an admin's, and pages of his.
// SPDX-License-Identifier: Apache-2.0
import { chromium } from 'playwright-core';
import { createClient } from '../../packages/api/dist/node/index.js';
import { withDomains } from './memory-daemon.mjs';

/**
 * @typedef {object} Desk
 * @property {import('playwright-core').BrowserContext} context with one page open
 * @property {import('playwright-core').Page} page
 * @property {string} url
 * @property {import('../../packages/api/dist/node/index.js').ApiClient} client
 * @property {number} pid the daemon's
 */

/**
 * Runs `work` before so many domains, each second of which runs.
 *
 * @template T
 * @param {number} count
 * @param {(desk: Desk) => Promise<T>} work
 */
export async function withDesk(count, work) {
  return await withDomains(count, async ({ socketPath, pid }) => {
    const client = createClient({ socketPath });
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      // As root it has no sandbox of its own; what it loads is ours.
      args: ['--no-sandbox', '--no-proxy-server'],
    });
    try {
      const { link, url } = await client.web.open({ body: { role: 'admin' } });
      if (link === null || url === null) throw new Error('there is no link');
      const context = await browser.newContext({ viewport: { width: 1280, height: 820 } });
      const page = await context.newPage();
      await page.goto(link);
      await page.locator('.shell').waitFor();
      return await work({ context, page, url: new URL(link).origin, client, pid });
    } finally {
      await browser.close();
      client.close();
    }
  });
}
