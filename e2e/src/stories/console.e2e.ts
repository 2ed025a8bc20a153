// The web console in a browser: all screens in all states, numbers beside the command line's, and deeds.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { Chromium, goTo, guidePicture, numbersIn, pictures, pressUntil } from '../world/browser.js';
import { domainXml } from '../world/documents.js';
import { faultsInLooks, looks, looksOfStates, otherLooks } from '../world/looks.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

let world: World;
let chromium: Chromium;
let admin: BrowserContext;
let page: Page;

/** Were a name taken for markup anywhere, it would say so. */
const markup = '<img src=x onerror=alert(1)>';
const restless = ['/bin/sh', '-c', 'while :; do sleep 1; done'];
const address = (ip: string) => [`<interface type='ethernet'><ip address='${ip}'/></interface>`];

/** More than what is promised to it. */
const fill = 'rm -f /tmp/orders; dd if=/dev/zero of=/tmp/orders bs=1M count=90 2>/dev/null';

before(async () => {
  world = await World.open();
  await world.run(
    domainXml({
      name: 'web-17',
      type: 'openvz',
      program: restless,
      more: '<title>Shop, front</title><profile>vps.basic</profile>',
      interfaces: address('10.77.1.17'),
    }),
  );
  await world.run(
    domainXml({
      name: 'db-3',
      program: restless,
      more: "<title>Orders</title><memory unit='MiB'>160</memory><memtune><hard_limit unit='MiB'>160</hard_limit><min_guarantee unit='MiB'>80</min_guarantee></memtune>",
      interfaces: address('10.77.1.30'),
    }),
  );
  await world.run(domainXml({ name: markup.replaceAll('<', '&lt;'), program: restless }));
  await world.define(domainXml({ name: 'staging', program: restless }));
  await world.client.snapshots.create({ domain: 'staging', body: { name: 'first' } });
  // More processes than it may have: a wall to be seen.
  await world.exec(
    'web-17',
    '/bin/sh',
    '-c',
    'i=0; while [ $i -lt 300 ]; do sleep 30 & i=$((i+1)); done 2>/dev/null',
  );
  const refused = async () => Number(await toldBy('top --once', 'web-17', 'refusedInDay')) > 0;
  await waitFor('the wall to be told', refused);
  await world.shell('db-3', fill);
  chromium = await Chromium.open(world);
  admin = await chromium.enter('admin');
  page = admin.pages()[0] ?? assert.fail('no page is open');
});
after(async () => {
  await chromium.close();
  await world.client.domains.resume({ domain: 'db-3' }).catch(() => undefined); // only a test that failed left it so
  await world.clearKept();
  await world.close();
});

const ctvirtJson = async (...words: string[]): Promise<unknown> =>
  JSON.parse(await world.ctvirt(...words, '--json'));

/** Every screen; where links lead that are none of these, a test says. */
const screens = [
  '/',
  '/domains',
  '/define',
  '/activity',
  '/templates',
  '/profiles',
  '/adopt',
  '/adopt/convert',
  '/what-if',
  '/networks',
  '/check',
  '/sessions',
  '/nosuch',
  '/domains/nosuch',
];
/** Those that are there with a domain alone. */
const domainScreens = [
  '/domains/db-3',
  '/domains/web-17/usage',
  '/domains/web-17/limits',
  '/domains/web-17/quota',
  '/domains/web-17/terminal',
  '/domains/staging/terminal',
  '/domains/web-17/document',
  '/domains/staging/snapshots',
  '/domains/web-17/log',
];

/** Those that the list of domains alone may keep from standing there. */
const withoutList = ['/', '/domains', '/domains/db-3'];

/** What a daemon says that has nothing of it; null of what is no list. */
function nothingOf(path: string): string | null {
  if (/\/(xml|events)$/.test(path)) return '';
  return /domains\/[^/]+\/(?!snapshots)|\/(guarantees|host|version|check|history)$/.test(path) ? null : '[]';
}

/** What the daemon says to a page in each of the states that a screen may be in. */
const states = {
  full: undefined,
  empty: (path) => {
    const body = nothingOf(path);
    return body === null ? 'as ever' : { status: 200, body };
  },
  error: () => ({ status: 500, body: '{"code":"internal","message":"it fell over"}' }),
  loading: () => 'never',
} as const satisfies Record<string, undefined | ((path: string) => Told)>;
type State = keyof typeof states;
type Told = 'as ever' | 'never' | { readonly status: number; readonly body: string };

/** A page whose daemon is in that state, but for what it needs to be one at all; `hasDomains`: which there are is told as ever. */
async function pageIn(state: State, hasDomains = true): Promise<Page> {
  const own = await admin.newPage();
  const answer = states[state];
  if (answer === undefined) return own;
  await own.route(/\/v1\/(?!web\/session|events\/usage)/, async (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === '/v1/domains' && hasDomains) return route.fallback();
    const told = answer(path);
    if (told === 'never') return;
    if (told === 'as ever') return route.fallback();
    await route.fulfill({ contentType: 'application/json', ...told });
  });
  return own;
}

const settled = (of: Page): Promise<unknown> =>
  of.waitForFunction(() => document.querySelector('h1') !== null && !document.querySelector('.bones'), null, {
    timeout: 10_000,
  });

/** What is wrong with these screens in that state. */
async function faultsIn(state: State, paths: readonly string[], hasDomains: boolean): Promise<string[]> {
  const own = await pageIn(state, hasDomains);
  await own.goto(`${chromium.url}/`);
  await own.locator('.shell').waitFor();
  const faults: string[] = [];
  for (const path of paths) {
    await goTo(own, path);
    if (state === 'loading') await own.locator('h1').first().waitFor();
    else await settled(own);
    const name = `${path.slice(1).replaceAll('/', '-') || 'overview'}-${state}${hasDomains ? '' : '-no-list'}`;
    faults.push(...(await faultsInLooks(own, name, state === 'full' ? looks : looksOfStates)));
    if (state === 'full') faults.push(...(await otherLooks(own)).map((fault) => `${path}, ${fault}`));
  }
  await own.close();
  return faults;
}

test('every screen, full, empty, failed and loading, dark and light, wide and narrow, is for everybody', async () => {
  const all = [...screens, ...domainScreens];
  const faults = await Promise.all([
    faultsIn('full', all, true),
    // Which domains there are is asked by every screen; without them no tab of one has a state of its own.
    faultsIn('empty', screens, false),
    faultsIn('empty', domainScreens, true),
    faultsIn('error', all, true),
    faultsIn('error', withoutList, false),
    faultsIn('loading', all, true),
    faultsIn('loading', withoutList, false),
  ]);
  assert.deepEqual(faults.flat(), []);
});

test('wherever links lead is among the screens that are looked at', async () => {
  const own = await pageIn('full');
  await own.goto(`${chromium.url}/`);
  const kindOf = (path: string) => path.replace(/^\/domains\/[^/]+/, '/domains/NAME');
  const known = new Set([...screens, ...domainScreens].map(kindOf));
  const unknown = new Set<string>();
  for (const path of [...screens, ...domainScreens]) {
    await goTo(own, path);
    await settled(own);
    const links = await own
      .locator('a[href^="/"]')
      .evaluateAll((all) => all.map((one) => (one instanceof HTMLAnchorElement ? one.pathname : '')));
    for (const link of links) if (!known.has(kindOf(link))) unknown.add(kindOf(link));
  }
  await own.close();
  assert.deepEqual([...unknown], []);
});

test('the door, whether it asks, has nobody before it, or cannot ask, is for everybody', async () => {
  const stranger = await chromium.browser.newContext();
  const own = await stranger.newPage();
  await own.goto(chromium.url);
  await own.getByText('This page is opened by a link').waitFor();
  const faults = await faultsInLooks(own, 'door', looksOfStates);
  await own.evaluate(() => localStorage.setItem('ctvirt-key', 'x'));
  await own.route('**/v1/web/session', (route) => route.fulfill({ status: 500, json: { code: 'internal' } }));
  await own.reload();
  await own.getByRole('button', { name: 'Try again' }).waitFor();
  faults.push(...(await faultsInLooks(own, 'door-error', looksOfStates)));
  await own.route('**/v1/web/session', () => undefined);
  await own.reload();
  await own.getByText('One moment').waitFor();
  faults.push(...(await faultsInLooks(own, 'door-loading', looksOfStates)));
  await stranger.close();
  assert.deepEqual(faults, []);
});

test('a page of which a file does not come once is there all the same', async () => {
  for (const file of ['main-*.js', 'chunk-*.js', 'main-*.css', 'overview-*.js']) {
    const own = await admin.newPage();
    await own.route(`**/${file}`, (route) => route.abort('internetdisconnected'), { times: 1 });
    // It may be loading again by the time that it is loaded.
    await own.goto(`${chromium.url}/`, { waitUntil: 'commit' });
    await own.locator('.tiles').waitFor();
    await own.waitForFunction(() => getComputedStyle(document.body).margin === '0px');
    await own.close();
  }
  assert.deepEqual(chromium.faults, []);
});

test('where a file never comes the page says so, and is there when it is asked for again', async () => {
  const own = await admin.newPage();
  let loads = 0;
  own.on('load', () => loads++);
  for (const file of ['main-*.js', 'host-check-*.js']) {
    await own.route(`**/${file}`, () => undefined);
    await own.goto(`${chromium.url}/check`, { waitUntil: 'commit' });
    await own.locator('.boot, .bones').waitFor();
    assert.deepEqual(await faultsInLooks(own, `${file.replace('-*.js', '')}-on-its-way`, looksOfStates), []);
    await own.unroute(`**/${file}`);
    loads = 0;
    await own.route(`**/${file}`, (route) => route.abort('internetdisconnected'));
    await own.goto(`${chromium.url}/check`, { waitUntil: 'commit' });
    await waitFor('the last try of its own', () => loads === 4);
    const again = own.locator('.boot a, .fault button', { hasText: 'Try again' });
    await again.waitFor();
    assert.deepEqual(await faultsInLooks(own, `missing-${file.replace('-*.js', '')}`, looksOfStates), []);
    await own.unroute(`**/${file}`);
    await again.click();
    await own.getByRole('heading', { name: 'Host check' }).waitFor();
    await own.evaluate(() => sessionStorage.removeItem('ctvirt-again'));
  }
  await own.close();
});

test('a name made of markup is a name, and no page broke its policy', async () => {
  await goTo(page, '/domains');
  await page.getByText(markup).first().click();
  await page.locator('h1', { hasText: markup }).waitFor();
  assert.deepEqual(chromium.faults, []);
});

/** A number of what `ctvirt COMMAND --json` prints, by the way to it; of rows one is found by its name. */
async function toldBy(command: string, ...way: readonly string[]): Promise<unknown> {
  let at: unknown = await ctvirtJson(...command.split(' '));
  for (const step of way) {
    const isNamed = (row: unknown): boolean => ['name', 'resource'].some((key) => Object(row)[key] === step);
    at = (Array.isArray(at) ? at.find(isNamed) : undefined) ?? Object(at)[step];
  }
  return at;
}

/** The first number of a place of the page, or another of them, beside the command that tells it. */
type Beside = readonly [what: string, place: string, told: () => Promise<unknown>, at?: number];

async function sideBySide(path: string, all: readonly Beside[]): Promise<void> {
  await goTo(page, path);
  await settled(page);
  for (const [what, place, told, at = 0] of all) {
    let both: unknown;
    // One of both may be of the look before; the next comes within ten seconds.
    const isSame = async (): Promise<boolean> => {
      const [shown, number] = await Promise.all([numbersIn(page, place), told()]);
      both = { shown, number };
      return typeof number === 'number' && shown[at] === number;
    };
    await waitFor(what, isSame).catch(() => assert.fail(`${what}: ${JSON.stringify(both)}`));
  }
}

const cell = (name: string, column: number): string =>
  `[role=grid] [role=row]:has-text("${name}") >> [role=gridcell] >> nth=${column}`;
const gauge = (title: string): string => `.big-gauge:has(h3:text-is("${title}"))`;
const counterRow = 'tr:has(td:text-is("numproc"))';

test('the numbers of the page are those of the command line at the same moment', async () => {
  const ledger = (key: string) => () => toldBy('guarantees', 'rows', 'allocation', key);
  await sideBySide('/', [
    ['domains', '.tiles > :nth-child(1)', () => toldBy('list --all', 'length')],
    ['those that run', '.tiles > :nth-child(2)', () => toldBy('list', 'length')],
    ['those that are off', '.tiles > :nth-child(3)', () => toldBy('list --inactive', 'length')],
    ['memory that is promised', '.promise:first-child', ledger('guaranteed')],
    ['memory of the host', '.promise:first-child', ledger('capacity'), 2],
    ['memory that can be promised', '.promise:first-child .room', ledger('headroom')],
    [
      'what still fits',
      '[aria-label="What still fits"] li:has-text("vps.basic")',
      () => toldBy('guarantees --what-if vps.basic', 'fits'),
    ],
  ]);
  const used = (name: string, ...way: string[]) => toldBy('top --once', name, ...way);
  await sideBySide('/domains', [
    ['processors in the list', cell('db-3', 3), () => used('db-3', 'now', 'cpu')],
    ['memory in the list', cell('db-3', 5), () => used('db-3', 'now', 'memory')],
    ['refusals in the list', cell('web-17', 8), () => used('web-17', 'refusedInDay')],
  ]);
  const info = (key: string) => () => toldBy('dominfo db-3', key);
  const given = (...way: string[]) => toldBy('guarantees --delivered db-3', 'db-3', ...way);
  await sideBySide('/domains/db-3', [
    ['processors promised to it', gauge('Processor'), () => given('cpu', 'promisedShare'), 1],
    ['processors it has', gauge('Processor'), info('vcpus'), 2],
    ['memory promised to it', gauge('Memory'), () => given('memory', 'allocationBytes'), 1],
    ['memory it may have', gauge('Memory'), async () => Number(await info('maxMemoryKiB')()) * 1024, 2],
    ['most memory it held', gauge('Memory'), () => given('given', 'mostMemoryBytes'), 4],
    ['processes', gauge('Processes'), info('processes')],
    ['processes it may have', gauge('Processes'), info('maxProcesses'), 1],
  ]);
  const counter = (key: string) => () => toldBy('beancounters web-17', 'rows', 'numproc', key);
  await sideBySide('/domains/web-17/limits', [
    ['processes held', counterRow, counter('held')],
    ['processes refused', counterRow, counter('failcnt'), 1],
  ]);
  await sideBySide('/templates', [
    ['bytes of a template', 'tbody', () => toldBy('template list', busybox, 'unpackedBytes')],
    ['files of a template', 'tbody', () => toldBy('template list', busybox, 'inodes'), 1],
  ]);
});

test('by keys alone: find a domain, raise a limit, see it hold', async () => {
  await goTo(page, '/');
  const { keyboard } = page;
  await keyboard.press('g');
  await keyboard.press('d');
  await page.locator('.list').waitFor();
  await keyboard.press('/');
  await keyboard.type('front');
  await page.waitForFunction(() => document.querySelectorAll('.list [data-at]').length === 1);
  await keyboard.press('Enter');
  await keyboard.press('Enter');
  await page.locator('h1', { hasText: 'web-17' }).waitFor();
  await pressUntil(page, 'Tab', 'a', 'Limits');
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Change NUMPROC' }).waitFor();
  await pressUntil(page, 'Tab', 'button', 'NUMPROC');
  await keyboard.press('Enter');
  await page.locator('dialog input:focus').waitFor();
  await keyboard.press('Control+a');
  await keyboard.type('300');
  await keyboard.press('Enter');
  await page.getByText('NUMPROC is 300 now').waitFor();
  const rows = await world.client.domains.parameters({ domain: 'web-17' });
  assert.equal(rows.find(({ key }) => key === 'NUMPROC')?.value, '300');
});

test('rows are gone through and chosen by keys from wherever the page is', async () => {
  await goTo(page, '/domains');
  await page.locator('.list [data-at="1"]').waitFor();
  await page.evaluate(() =>
    document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined,
  );
  await page.keyboard.press('j');
  await page.locator('.list [data-at]:focus').waitFor();
  await page.keyboard.press('x');
  await page.getByText('1 chosen').waitFor();
  await page.keyboard.press('x');
  await page.getByText('1 chosen').waitFor({ state: 'detached' });
});

test('what interrupts somebody asks by name, and Enter changes nothing', async () => {
  await goTo(page, '/domains/db-3');
  const open = async () => {
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('button', { name: 'Power off now…' }).click();
    await page.getByRole('heading', { name: 'Power off now db-3?' }).waitFor();
  };
  await open();
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(await world.state('db-3'), 'running (booted)');
  await open();
  await page.getByRole('button', { name: 'Power off now db-3' }).click();
  await page.getByText('Powered off db-3').waitFor();
  assert.equal(await world.state('db-3'), 'shutoff (destroyed)');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await world.waitForState('db-3', 'running (booted)');
});

test('what can be taken back is, byte for byte', async () => {
  const document = () => world.client.domains.xml({ domain: 'staging', inactive: true });
  const before = await document();
  await goTo(page, '/domains/staging');
  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('staging is back with its files').waitFor();
  assert.equal(await document(), before);
  assert.deepEqual(await world.client.roots.list(), []);
});

test('a page that is not live says so, and is mended by itself with what changed meanwhile', async () => {
  await goTo(page, '/domains');
  await page.locator('.list').waitFor();
  await world.stop();
  await page.getByText('The daemon cannot be reached').waitFor();
  await world.start();
  await world.client.domains.suspend({ domain: 'db-3' });
  await page.locator('.live[data-state="live"]').waitFor();
  await page.locator('.list .row', { hasText: 'db-3' }).getByText('paused').waitFor();
  await world.client.domains.resume({ domain: 'db-3' });
  await page.locator('.list .row', { hasText: 'db-3' }).getByText('running').waitFor();
});

test('twelve tabs hold one stream, and all of them hear of what happens', async () => {
  const streams = new Set<unknown>();
  admin.on('request', (request) => {
    if (request.url().includes('/v1/events/usage')) streams.add(request);
  });
  const tabs = await Promise.all(Array.from({ length: 11 }, () => admin.newPage()));
  for (const tab of tabs) await tab.goto(`${chromium.url}/domains`);
  for (const tab of tabs) await tab.locator('.list').waitFor();
  await world.client.domains.suspend({ domain: 'db-3' });
  for (const tab of tabs) await tab.locator('.list .row', { hasText: 'db-3' }).getByText('paused').waitFor();
  await world.client.domains.resume({ domain: 'db-3' });
  assert.ok(streams.size <= 1, `${streams.size} streams were opened`);
  await Promise.all(tabs.map((tab) => tab.close()));
});

test('10,000 domains take as many elements as 1,000', async () => {
  const [summary] = await world.client.domains.list();
  const elements = async (many: number): Promise<number> => {
    const own = await admin.newPage();
    const named = (of: object | undefined) =>
      JSON.stringify(Array.from({ length: many }, (_, at) => ({ ...of, name: `d${at}`, uuid: `u${at}` })));
    await own.route(/\/v1\/domains$/, (route) =>
      route.fulfill({ contentType: 'application/json', body: named(summary) }),
    );
    await own.goto(`${chromium.url}/domains`);
    await own.locator('.list [data-at="0"]').waitFor();
    await own.locator('.list [data-at="0"]').focus();
    await own.keyboard.press('End');
    await own.getByText(`d${many - 1}`, { exact: true }).waitFor();
    await own.locator('.live[data-state="live"]').waitFor();
    // What is told of the host and of numbers comes when it comes.
    let count = 0;
    await waitFor('no more elements', async () => {
      const before = count;
      await own.waitForTimeout(300);
      count = await own.evaluate(() => document.querySelectorAll('*').length);
      return count === before;
    });
    await own.close();
    return count;
  };
  assert.equal(await elements(10_000), await elements(1000));
});

test('a what-if is asked as one types, and what stands there until then is marked as of the figures before', async () => {
  const own = await pageIn('full');
  await own.goto(`${chromium.url}/what-if?profile=vps.basic&count=2`);
  await own.getByText('2 more of vps.basic:').waitFor();
  const number = own.getByLabel('How many more');
  await number.focus();
  await own.keyboard.press('End');
  await own.keyboard.type('0', { delay: 0 });
  assert.equal(await own.locator('.old').getByText('2 more of vps.basic:').count(), 1);
  await own.getByText('Of the figures before').waitFor();
  await own.getByText('20 more of vps.basic:').waitFor();
  assert.equal(await own.locator('.old').count(), 0);
  await own.close();
});

test('the list tells what roots hold, of those that are off too, as the command line does', async () => {
  const own = await pageIn('full');
  await own.goto(`${chromium.url}/domains`);
  const usage = await world.client.usage.list();
  assert.ok(usage.some(({ id, disk }) => id === null && disk.usedBytes !== null));
  for (const {
    name,
    disk: { usedBytes: used },
  } of usage) {
    if (used === null) continue;
    const row = own.locator('.list .row', { has: own.getByRole('link', { name, exact: true }) });
    await waitFor(`what ${name} holds`, async () => {
      const numbers = await row
        .locator('data')
        .evaluateAll((all) => all.map((one) => one.getAttribute('value')));
      return numbers.some((number) => Math.abs(Number(number) - used) < 2 ** 20);
    });
  }
  await own.close();
});

test('what is typed at once after Ctrl K is what is looked for', async () => {
  await goTo(page, '/check');
  await page.getByRole('heading', { name: 'Host check' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('web-17');
  const field = page.getByRole('combobox', { name: 'Search or jump' });
  await field.waitFor();
  assert.equal(await field.inputValue(), 'web-17');
  await page.keyboard.press('Escape');
  assert.ok((await page.locator('tbody').last().textContent())?.includes('folder'), 'a folder is called one');
});

test('the overview asks for nothing twice until it rests, and for few files', async () => {
  const own = await admin.newPage();
  const asked: string[] = [];
  own.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await own.goto(`${chromium.url}/`);
  await settled(own);
  await own.waitForTimeout(2000);
  const [answers, files] = [true, false].map((isAnswer) =>
    asked.filter((path) => path.startsWith('/v1/') === isAnswer),
  );
  assert.deepEqual(answers, [...new Set(answers)]);
  assert.ok((answers?.length ?? 0) <= 9, answers?.join(' '));
  assert.ok((files?.length ?? 0) <= 7, files?.join(' '));
  await own.close();
});

test('a chart of a day goes on while it stands there, a step after the other', async () => {
  const own = await pageIn('full');
  let asked = 0;
  await own.route(/\/v1\/history\?/, async (route) => {
    const history = await world.client.history.host({ series: 'cpu,memory', points: 240 });
    // The first answer is one whose last step is over.
    const to = asked++ === 0 ? new Date().toISOString() : history.to;
    await route.fulfill({ json: { ...history, to } });
  });
  await own.goto(`${chromium.url}/`);
  await waitFor('the next step', () => asked === 2);
  await own.close();
});

test('new numbers are drawn into the charts that stand there, whose axes say what they are of', async () => {
  const own = await pageIn('full');
  await own.goto(`${chromium.url}/domains/web-17/usage`);
  await own.locator('.uplot').nth(5).waitFor();
  await own.evaluate(() => {
    for (const chart of document.querySelectorAll('.uplot')) chart.setAttribute('data-seen', '');
  });
  await own.waitForResponse((response) => /\/history\?/.test(response.url()), { timeout: 25_000 });
  await own.waitForTimeout(300);
  assert.deepEqual(
    [await own.locator('.uplot').count(), await own.locator('.uplot[data-seen]').count()],
    [6, 6],
  );
  const memory = own.locator('.chart', { hasText: 'Memory' }).locator('.u-series', { hasText: 'average' });
  assert.match(
    (await memory.locator('.u-value').textContent()) ?? '',
    /iB$/,
    'the newest, where no cursor is',
  );
  await own.screenshot({ path: `${pictures}/usage-axes.png`, fullPage: true });
  const host = await world.client.host.facts();
  assert.equal(await own.locator('.bar .host').textContent(), host.name);
  await own.close();
});

test('a promise that is kept, broken or unknown is told by a shape, whatever one sees of colours', async () => {
  const verdicts = ['kept', 'broken', 'unknown'] as const;
  const apart = await chromium.enter('admin');
  // The next numbers of the daemon would be shown in place of those that are told here.
  await apart.route(/\/v1\/events\/usage/, () => undefined);
  await apart.pages()[0]?.close();
  const [own, other] = await Promise.all([apart.newPage(), apart.newPage()]);
  await Promise.all([own, other].map((one) => one.goto(`${chromium.url}/domains`)));
  await own.locator('[role=grid]', { hasText: 'web-17' }).waitFor();
  const badges = own.locator('.list .badge');
  // Told as the tab that holds the stream tells the others, whatever this host's kernel knows of them.
  for await (const line of await world.client.events.withUsage({ every: 10 })) {
    if (line.event !== 'usage') continue;
    const domains = line.domains.map((one, at) => ({
      ...one,
      verdicts: { cpu: verdicts[at] ?? null, memory: null },
    }));
    await other.evaluate((usage) => new BroadcastChannel('ctvirt').postMessage({ kind: 'usage', usage }), {
      ...line,
      domains,
    });
    break;
  }
  const badge = (verdict: string) => badges.filter({ hasText: verdict }).first();
  for (const verdict of verdicts) await badge(verdict).waitFor();
  const devtools = await apart.newCDPSession(own);
  for (const type of ['achromatopsia', 'deuteranopia', 'protanopia', 'tritanopia'] as const) {
    await devtools.send('Emulation.setEmulatedVisionDeficiency', { type });
    await own.screenshot({ path: `${pictures}/domains-${type}.png` });
    const shapes = new Set<string>();
    for (const verdict of verdicts) {
      const icon = badge(verdict).locator('svg');
      // In one colour it is the shape that differs.
      await icon.evaluate((svg) => svg.style.setProperty('color', 'black'));
      shapes.add((await icon.screenshot()).toString('base64'));
    }
    assert.equal(shapes.size, verdicts.length, type);
  }
  await apart.close();
});

test('one who may only look is offered no deed', async () => {
  const viewer = await chromium.enter('viewer');
  const own = viewer.pages()[0] ?? assert.fail('no page is open');
  await goTo(own, '/domains/web-17');
  await own.getByRole('button', { name: 'Shut down' }).waitFor();
  assert.ok(await own.getByRole('button', { name: 'Shut down' }).isDisabled());
  await own.getByText('Log out').click();
  await own.getByText('Come in by a link').waitFor();
  await own.goto(`${chromium.url}/domains`);
  await own.getByText('Come in by a link').waitFor();
  await viewer.close();
});

test('a browser whose clock is set wrong asks for the last hour of the host', async () => {
  for (const hours of [3, -3]) {
    const own = await admin.newPage();
    await own.addInitScript((ahead) => {
      const Real = Date;
      const now = (): number => Real.now() + ahead;
      globalThis.Date = new Proxy(Real, {
        construct: (_, parts: readonly unknown[]) =>
          Reflect.construct(Real, parts.length === 0 ? [now()] : parts),
      });
    }, hours * 3_600_000);
    const [asked] = await Promise.all([
      own.waitForRequest(/\/history\?/),
      own.goto(`${chromium.url}/domains/web-17/usage`),
    ]);
    const from = new Date(new URL(asked.url()).searchParams.get('from') ?? '');
    const now = new Date();
    const minutes = (now.getTime() - from.getTime()) / 60_000;
    assert.ok(Math.abs(minutes - 60) < 1, `${hours} hours off: asked for ${minutes} minutes`);
    await own.locator('figure.chart[aria-label*="at most"]').first().waitFor();
    await own.close();
  }
});

test('tabs of one browser are in one session: of another link, with its role, where they are', async () => {
  const viewer = await chromium.enter('viewer');
  const first = viewer.pages()[0] ?? assert.fail('no page is open');
  await goTo(first, '/domains/web-17');
  const shutDown = first.getByRole('button', { name: 'Shut down' });
  await shutDown.waitFor();
  assert.ok(await shutDown.isDisabled());
  const second = await viewer.newPage();
  await second.goto(await chromium.link('operator'));
  await second.locator('.shell').waitFor();
  await waitFor('the other role', async () => !(await shutDown.isDisabled()));
  await second.getByText('Log out').click();
  await first.getByText('Come in by a link').waitFor();
  await second.goto(await chromium.link('operator'));
  await shutDown.waitFor();
  assert.equal(new URL(first.url()).pathname, '/domains/web-17');
  await viewer.close();
});

/** Whether a page shows the units that are promised by now. */
async function isPromised(of: Page): Promise<boolean> {
  const { rows } = await world.client.guarantees.show({});
  const units = rows.find(({ resource }) => resource === 'cpu')?.guaranteed;
  return (await numbersIn(of, '.promise:nth-child(3)'))[0] === units;
}

test('pictures for those who read on paper', async () => {
  // Nobody has one of that name.
  await world.erase(markup);
  await world.shell('db-3', fill);
  const own = await admin.newPage();
  await own.goto(`${chromium.url}/domains/db-3`);
  // It has been looked at twice by now.
  await own.getByText('over the last').waitFor();
  for (const [path, name] of [
    ['/domains/db-3', 'web-domain'],
    ['/domains', 'web-domains'],
    ['/', 'web-overview'],
  ] as const) {
    await goTo(own, path);
    await settled(own);
    if (path === '/') await waitFor('what is promised without that one', () => isPromised(own));
    await guidePicture(own, name);
  }
  await own.close();
});
