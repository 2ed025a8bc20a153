// Debian's Chromium before a daemon: who came in by a link of an admin's, and pages of his.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { createClient } from '../../packages/api/dist/node/index.js';
import { freePort } from '../../packages/daemon/dist/testing/browsers.js';
import { withDaemon } from '../daemon.mjs';
import { sleepingDomain } from '../domains.mjs';
import { withDomains } from './memory-daemon.mjs';

/** @typedef {import('../../packages/api/dist/node/index.js').ApiClient} ApiClient */

/**
 * @typedef {object} Desk
 * @property {import('playwright-core').BrowserContext} context with one page open
 * @property {import('playwright-core').Page} page
 * @property {string} url
 * @property {ApiClient} client
 * @property {number} pid the daemon's
 */

/**
 * Runs `work` before so many domains in memory, each second of which runs.
 *
 * @template T
 * @param {number} count
 * @param {(desk: Desk) => Promise<T>} work
 */
export async function withDesk(count, work) {
  return await withDomains(count, async ({ socketPath, pid }) => {
    const client = createClient({ socketPath });
    try {
      return await atDesk(client, pid, work);
    } finally {
      client.close();
    }
  });
}

/**
 * Runs `work` before a daemon with one container that runs, of busybox.
 *
 * @template T
 * @param {string} domain
 * @param {(desk: Desk, daemon: import('../daemon.mjs').Daemon) => Promise<T>} work
 */
export const withContainer = (domain, work) =>
  withDaemon(async (daemon) => {
    const { client, folder } = daemon;
    mkdirSync(join(folder, 'etc'));
    writeFileSync(join(folder, 'etc', 'ctvirtd.conf'), `web_listen = "127.0.0.1:${await freePort()}"\n`);
    await daemon.start();
    await client.templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
    await client.domains.define({ body: sleepingDomain(domain) });
    await client.domains.start({ domain });
    return await atDesk(client, daemon.pid, (desk) => work(desk, daemon));
  });

/**
 * @template T
 * @param {ApiClient} client
 * @param {number} pid
 * @param {(desk: Desk) => Promise<T>} work
 */
async function atDesk(client, pid, work) {
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
  }
}
