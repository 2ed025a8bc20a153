// The attack table of the web console where it takes a browser, each row by its name; the rest are the daemon's own tests.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Route, resources, sessionProtocol } from '@ctvirt/api';
import type { BrowserContext, Page } from 'playwright-core';
import { Chromium, goTo } from '../world/browser.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

declare global {
  /** What broke the policy of a page, as the browser told it. */
  var broken: string[] | undefined;
}

let world: World;
let chromium: Chromium;
let admin: BrowserContext;

/** Were it taken for markup anywhere, it would open a dialog, or break the policy. */
const markup = '<img src=x onerror=alert(1)>';
const escaped = markup.replaceAll('<', '&lt;');
/** What stands behind it would be read from right to left. */
const turned = 'invoice\u202Egnp.exe';
const victim = 'victim';

before(async () => {
  world = await World.open();
  const program = ['/bin/sh', '-c', `echo '${markup}'; exec sleep 1000000`];
  await world.run(domainXml({ name: victim, program }));
  await world.run(domainXml({ name: escaped, program, more: `<title>${turned} ${escaped}</title>` }));
  // Of itself Chromium lets no page from elsewhere ask this host, and other browsers do: what is tried is to come to the daemon.
  chromium = await Chromium.open(world, ['evil.test'], ['--disable-features=LocalNetworkAccessChecks']);
  admin = await chromium.enter('admin', { permissions: ['clipboard-read', 'clipboard-write'] });
  await admin.addInitScript(() => {
    globalThis.broken = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      globalThis.broken?.push(`${violatedDirective} ${blockedURI}`),
    );
  });
});
after(async () => {
  await chromium.close();
  await world.clearKept();
  await world.close();
});

/** Where the parameters of paths lead to what is there, so that whatever is done is done. */
const there: Readonly<Record<string, string>> = { domain: victim, network: 'default', template: busybox };
const routes = Object.values(resources).flatMap((operations) =>
  Object.values<Route>(operations).map(({ method, path, answer }) => ({
    method,
    path: path.replace(/\{(\w+)\}/g, (_, name: string) => there[name] ?? 'nope'),
    isUpgrade: answer.kind === 'session',
  })),
);

/** A page that somebody else wrote, at such an address, in the same browser as the session. */
async function pageAt(origin: string): Promise<Page> {
  const own = await admin.newPage();
  await own.route(`${origin}/theirs`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>theirs</title><iframe name="frame"></iframe>' }),
  );
  await own.goto(`${origin}/theirs`);
  return own;
}

/** What somebody did meanwhile: to domains and networks, and in them. */
async function effectsOf(deed: () => Promise<void>): Promise<string[]> {
  const { client } = world;
  const effects: string[] = [];
  const ends = new AbortController();
  const hear = async (events: AsyncIterable<{ readonly event: string }>) => {
    for await (const { event } of events) effects.push(event);
  };
  const heard = [
    hear(await client.events.watch({}, { signal: ends.signal })),
    hear(await client.events.networks({}, { signal: ends.signal })),
  ];
  const held = async () => [
    (await client.usage.processes({ domain: victim })).length,
    (await client.web.list()).length,
    (await client.templates.list()).map(({ name }) => name),
    await client.domains.xml({ domain: victim, inactive: true }),
  ];
  const before = await held();
  await deed();
  assert.deepEqual(await held(), before);
  ends.abort();
  await Promise.allSettled(heard);
  return effects;
}

test('DNS rebinding: a page of another name that leads here is answered by no route', async () => {
  const { port } = new URL(chromium.url);
  // Not even the page is; this one comes from where the name led before.
  const index = await admin.newPage();
  assert.equal((await index.goto(`http://evil.test:${port}/`))?.status(), 421);
  await index.close();
  const stranger = await pageAt(`http://evil.test:${port}`);
  const effects = await effectsOf(async () => {
    for (const { method, path, isUpgrade } of routes) {
      const answer = await stranger.evaluate(
        async ([how, where, socket]) => {
          if (socket === '') return String((await fetch(where, { method: how })).status);
          const opened = new WebSocket(where, socket);
          return await new Promise<string>((resolve) => {
            opened.onopen = () => resolve('open');
            opened.onerror = () => resolve('421');
          });
        },
        [method, path, isUpgrade ? sessionProtocol : ''] as const,
      );
      assert.equal(answer, '421', `${method} ${path}`);
    }
  });
  assert.deepEqual(effects, []);
  await stranger.close();
});

const writes = routes.filter(({ method }) => method !== 'GET');

test('CSRF, also from another local port: by form, fetch and image no write is done', async () => {
  assert.ok(writes.length > 40);
  const effects = await effectsOf(async () => {
    for (const origin of ['http://evil.test:16999', 'http://127.0.0.1:16999']) {
      const theirs = await pageAt(origin);
      const answers = new Map<string, number>();
      const count = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1);
      theirs.on('response', (answer) => count(`${answer.request().resourceType()} ${answer.status()}`));
      theirs.on('requestfailed', (failed) =>
        count(`${failed.resourceType()} ${failed.failure()?.errorText}`),
      );
      const told = await theirs.evaluate(tryAll, [chromium.url, writes] as const);
      // What was sent is nothing that they may look at, and neither is what came back.
      assert.deepEqual(
        told.filter((one) => one !== 'opaque' && one !== 'refused'),
        [],
      );
      // All of them came to the daemon, but for those about which the browser asks it before.
      const blocked = 'net::ERR_BLOCKED_BY_RESPONSE';
      assert.deepEqual(
        Object.fromEntries(answers),
        {
          [`fetch ${blocked}.NotSameOrigin`]: 2 * writes.length,
          'fetch net::ERR_FAILED': writes.length,
          'document 403': writes.length,
          [`document ${blocked}`]: writes.length,
          [`image ${blocked}.NotSameOrigin`]: writes.length,
        },
        origin,
      );
      await theirs.close();
    }
  });
  assert.deepEqual(effects, []);
});

/** Within a page: all that one of elsewhere can send, with all that the browser adds to it by itself. */
async function tryAll([url, paths]: readonly [
  string,
  readonly { readonly method: string; readonly path: string }[],
]): Promise<string[]> {
  const told: string[] = [];
  const send = async (path: string, init: RequestInit) =>
    told.push(
      await fetch(url + path, { credentials: 'include', ...init }).then(
        ({ type }) => type,
        () => 'refused',
      ),
    );
  const shown = (element: HTMLElement & { onload: unknown; onerror: unknown }, begin: () => void) =>
    new Promise((resolve) => {
      element.onload = resolve;
      element.onerror = resolve;
      begin();
    });
  const frame = document.querySelector('iframe') ?? document.createElement('iframe');
  for (const { method, path } of paths) {
    await send(path, { method: 'POST', mode: 'no-cors' });
    await send(path, { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ name: 'x' }) });
    await send(path, { method, headers: { 'x-ctvirt-key': 'x' }, ...(method !== 'GET' && { body: '{}' }) });
    const form = document.createElement('form');
    Object.assign(form, { method: 'POST', action: url + path, target: 'frame' });
    document.body.append(form);
    await shown(frame, () => form.submit());
    const image = new Image();
    await shown(image, () => {
      image.src = url + path;
    });
  }
  return told;
}

test('Cross-site WebSocket: a page of another port opens none, with the cookie that it sends', async () => {
  const theirs = await pageAt('http://127.0.0.1:16999');
  const statuses: string[] = [];
  theirs.on('console', (message) => {
    const [, status] = /Unexpected response code: (\d+)/.exec(message.text()) ?? [];
    if (status !== undefined) statuses.push(status);
  });
  const upgrades = routes.filter(({ isUpgrade }) => isUpgrade).map(({ path }) => path);
  assert.ok(upgrades.length > 3);
  const effects = await effectsOf(async () => {
    const told = await theirs.evaluate(
      async ([url, paths, protocol]) => {
        const tries = [[protocol], [protocol, `key.${'A'.repeat(43)}`]];
        const open = (path: string, words: string[]) =>
          new Promise<string>((resolve) => {
            const socket = new WebSocket(url.replace('http', 'ws') + path, words);
            socket.onopen = () => resolve(`${path} is open`);
            socket.onerror = () => resolve('refused');
          });
        const answers: string[] = [];
        for (const path of paths) for (const words of tries) answers.push(await open(path, words));
        return answers;
      },
      [chromium.url, upgrades, sessionProtocol] as const,
    );
    assert.deepEqual(
      told.filter((one) => one !== 'refused'),
      [],
    );
    assert.deepEqual(
      statuses,
      told.map(() => '403'),
    );
  });
  assert.deepEqual(effects, []);
  await theirs.close();
});

test('Clickjacking, sniffing, leaks: the console shows itself in no frame, and tells nobody where one was', async () => {
  const theirs = await pageAt('http://127.0.0.1:16999');
  await theirs.evaluate((url) => {
    const frame = document.querySelector('iframe');
    if (frame !== null) frame.src = `${url}/domains`;
  }, chromium.url);
  await waitFor('what stands in the frame', async () =>
    theirs.frames().some((frame) => frame.url().startsWith('chrome-error:')),
  );
  await theirs.close();
});

/** Neither did this page break its policy, nor did any of ours say what it should not have. */
async function assertWhole(own: Page): Promise<void> {
  assert.deepEqual(await own.evaluate(() => globalThis.broken), []);
  assert.deepEqual(
    chromium.faults.filter((fault) => fault.startsWith(chromium.url)),
    [],
  );
}

const screens = ['/', '/domains', '/activity', '/templates', '/check', '/networks', '/sessions', '/what-if'];
const tabs = ['', '/usage', '/limits', '/quota', '/document', '/snapshots', '/log'];

test('XSS by a guest: names, titles, findings and what a console printed are texts on every screen', async () => {
  const own = await admin.newPage();
  await own.goto(`${chromium.url}/`);
  await own.locator('.shell').waitFor();
  const at = `/domains/${encodeURIComponent(markup)}`;
  for (const path of [...screens, ...tabs.map((tab) => at + tab), `/domains/${markup}`, `/${markup}`]) {
    await goTo(own, path);
    await own.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.bones'));
    assert.equal(await own.locator('main img').count(), 0, path);
  }
  // What a console printed is a text.
  await goTo(own, `${at}/log`);
  await own.getByText(markup).nth(1).waitFor();
  // So is what a finding quotes.
  await goTo(own, `${at}/document`);
  await own.locator('.cm-content').focus();
  await own.keyboard.press('Control+a');
  await own.keyboard.press('Delete');
  await own.keyboard.insertText(
    `<domain type='${escaped}'><name>${escaped}</name><vcpu>${escaped}</vcpu></domain>`,
  );
  await own.locator('.findings .error', { hasText: 'onerror' }).first().waitFor();
  await own.getByRole('button', { name: 'Validate on this host' }).click();
  await own.locator('.buttons .warn-text').waitFor();
  await own.getByRole('button', { name: 'Drop changes' }).click();
  // So are values of a configuration that was pasted.
  await goTo(own, '/adopt/convert');
  await own
    .getByRole('textbox', { name: 'Configuration' })
    .fill(`HOSTNAME="${markup}"\nNUMPROC="10"\nOSTEMPLATE="${busybox}"\n`);
  await own.getByRole('button', { name: 'Convert', exact: true }).click();
  await own.locator('table.joined', { hasText: markup }).waitFor();
  await assertWhole(own);
  await own.close();
});

test('XSS by a guest: a title that turns the direction of a text turns nothing but itself', async () => {
  const own = await admin.newPage();
  for (const width of [1280, 390]) {
    await own.setViewportSize({ width, height: 820 });
    for (const path of ['/domains', `/domains/${encodeURIComponent(markup)}`]) {
      await own.goto(chromium.url + path);
      await own.getByText(turned).first().waitFor();
      const open = await own.evaluate((mark) => {
        const found: string[] = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
          const { parentElement: holder, nodeValue: text } = node;
          if (holder === null || !(text ?? '').includes(mark)) continue;
          // It ends with the box that it is in, or where its direction is isolated.
          const { display, unicodeBidi } = getComputedStyle(holder);
          if (display === 'inline' && !/isolate|plaintext/.test(unicodeBidi)) found.push(holder.outerHTML);
          const others = (holder.textContent ?? '').replace(text ?? '', '').trim();
          if (others !== '') found.push(holder.outerHTML);
        }
        return found;
      }, '\u202E');
      assert.deepEqual(open, [], `${path}, ${width}`);
    }
  }
  await own.close();
});

test('XSS by a guest: a terminal puts nothing on the clipboard, and follows no link unasked', async () => {
  const own = await admin.newPage();
  await own.goto(`${chromium.url}/domains/${victim}/terminal`);
  await own.evaluate(() => navigator.clipboard.writeText('mine'));
  await own.getByRole('button', { name: 'Open a shell' }).click();
  await own.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' });
  const rows = own.locator('.xterm-rows > div');
  await rows.filter({ hasText: '#' }).first().waitFor();
  const link = (target: string, text: string) => `\\033]8;;${target}\\033\\\\${text}\\033]8;;\\033\\\\`;
  await own.keyboard.type(
    `clear; printf '\\033]52;c;dGhlaXJz\\007\\033]52;c;?\\007${link('javascript:alert(1)', 'script-here')}\\n${link('http://evil.test/', 'page-here')}\\n${markup}\\n'; echo all-$((6*7))`,
  );
  await own.keyboard.press('Enter');
  await rows.filter({ hasText: 'all-42' }).waitFor();
  const press = async (text: string) => {
    const box = await rows.filter({ hasText: text }).first().boundingBox();
    const [x, y] = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 6];
    // What a link is, is known a moment after the pointer is there.
    await own.mouse.move(x - 4, y);
    await own.mouse.move(x, y);
    await own.waitForTimeout(200);
    await own.mouse.click(x, y);
  };
  const pages = admin.pages().length;
  await press('script-here');
  await press('page-here');
  await own.getByRole('heading', { name: 'Follow a link that was written inside?' }).waitFor();
  await own.locator('dialog', { hasText: 'http://evil.test/' }).waitFor();
  await own.keyboard.press('Enter');
  await own.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(admin.pages().length, pages);
  assert.equal(await own.evaluate(() => navigator.clipboard.readText()), 'mine');
  assert.equal(await own.locator('.terminal img').count(), 0);
  await assertWhole(own);
  await own.getByRole('button', { name: 'End', exact: true }).click();
  await own.close();
});
