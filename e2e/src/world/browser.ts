// Debian's Chromium in a world's enclosure, where the daemon lets browsers in, and what every page has to keep: its policy, and silence.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults, RunOptions } from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { waitFor } from './wait.js';
import type { World } from './world.js';

declare global {
  /** What axe-core leaves in a page. */
  var axe: { run(options: RunOptions): Promise<AxeResults> };
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Every rule of WCAG 2.2 AA, and what is good practice besides. */
const allRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What colours and widths may break. */
const looks = ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable'];

/** Whether somebody wants the pictures of each screen in each look, which take as long as looking at them. */
export const keepsPictures = process.env['CTVIRT_ARTIFACTS'] !== undefined;

/** Where pictures of a run lie. */
export const pictures = join(
  process.env['CTVIRT_ARTIFACTS'] ?? join(tmpdir(), 'ctvirt-artifacts'),
  'console',
);

/** A picture of the guide's; a run with CTVIRT_GUIDE_PICTURES=1 puts it in the place of the one that is there. */
export async function guidePicture(page: Page, name: string): Promise<void> {
  const path = `${pictures}/${name}.png`;
  await page.screenshot({ path, animations: 'disabled' });
  const inGuide = fileURLToPath(new URL(`../../../docs/guide/${name}.png`, import.meta.url));
  if (process.env['CTVIRT_GUIDE_PICTURES'] === '1' && existsSync(inGuide)) copyFileSync(path, inGuide);
}

type Role = 'viewer' | 'operator' | 'admin';

/** A browser within a world. */
export class Chromium {
  /** What pages said or broke that they should not have. */
  readonly faults: string[] = [];
  #browser: Browser | undefined;
  #url = '';

  private constructor(private readonly world: World) {}

  /** Names of other hosts that are this one, for pages from elsewhere; `more` are options of Chromium. */
  static async open(
    world: World,
    otherNames: readonly string[] = [],
    more: readonly string[] = [],
  ): Promise<Chromium> {
    const opened = new Chromium(world);
    // It gives up what it loads when an address comes, as those of new links do some seconds after them.
    const tentative = () => world.enclosure.output('ip', '-6', 'addr', 'show', 'tentative');
    await waitFor('all addresses to be there', async () => (await tentative()) === '');
    const program = `${world.host}/chromium`;
    const argv = world.enclosure.argv('/usr/bin/chromium').map((word) => `'${word}'`);
    await writeFile(program, `#!/bin/sh\nexec ${argv.join(' ')} "$@"\n`);
    await chmod(program, 0o755);
    mkdirSync(pictures, { recursive: true });
    opened.#browser = await chromium.launch({
      executablePath: program,
      // As root it has no sandbox of its own; what it loads is ours, and comes through no proxy.
      args: [
        '--no-sandbox',
        '--no-proxy-server',
        ...otherNames.map((name) => `--host-resolver-rules=MAP ${name} 127.0.0.1`),
        ...more,
      ],
    });
    return opened;
  }

  get browser(): Browser {
    return this.#browser ?? assert.fail('the browser is not open');
  }

  /** Where the daemon lets browsers in. */
  get url(): string {
    return this.#url;
  }

  /** A link for one of that role. */
  async link(role: Role): Promise<string> {
    const { link, url } = await this.world.client.web.open({ body: { role } });
    this.#url = url;
    return link ?? assert.fail('there is no link');
  }

  /** One who came in by a link of that role: every page of it is the same session's. */
  async enter(role: Role, options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 820 }, ...options });
    context.setDefaultTimeout(90_000);
    context.on('page', (page) => this.#watch(page));
    const page = await context.newPage();
    await page.goto(await this.link(role));
    await page.locator('.shell').waitFor();
    return context;
  }

  #watch(page: Page): void {
    // A policy that is broken is told there, too.
    page.on('console', (message) => {
      if (
        message.type() === 'error' &&
        !/Failed to load resource|net::ERR|WebSocket connection to/.test(message.text())
      )
        this.faults.push(`${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.faults.push(`${page.url()}: ${error.message}`));
    page.on('dialog', (dialog) => {
      this.faults.push(`${page.url()}: a dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => undefined); // the page may be gone
    });
  }

  async close(): Promise<void> {
    await this.#browser?.close();
  }
}

/** What is wrong with a page for those who see, hear or point otherwise; `which` are the rules that are asked. */
export async function accessFaults(page: Page, which: 'all' | 'looks'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const options: RunOptions = {
    runOnly: which === 'all' ? allRules : { type: 'rule', values: looks },
    resultTypes: ['violations'],
  };
  const { violations } = await page.evaluate((asked) => globalThis.axe.run(asked), options);
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return [
    ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' ')}`),
    ...(tooWide > 0 ? [`wider than its window by ${tooWide} pixels`] : []),
  ];
}

/** Goes to a screen as a link within the page does, without loading it anew. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
}

/** Presses a key until what has the focus is such an element with that in its name. */
export async function pressUntil(page: Page, key: string, tag: string, name: string): Promise<void> {
  for (let presses = 0; presses < 150; presses++) {
    await page.keyboard.press(key);
    const focused = await page.evaluate(() => {
      const { activeElement: at } = document;
      return `${at?.tagName.toLowerCase()} ${at?.getAttribute('aria-label') ?? at?.textContent ?? ''}`;
    });
    if (focused.startsWith(`${tag} `) && focused.includes(name)) return;
  }
  assert.fail(`no ${tag} '${name}' has the focus however often ${key} is pressed`);
}

/** The numbers that a place of the page shows, by their values and not as they are written. */
export const numbersIn = (page: Page, selector: string): Promise<number[]> =>
  page
    .locator(selector)
    .locator('data')
    .evaluateAll((all) => all.map((one) => Number(one.getAttribute('value'))));
