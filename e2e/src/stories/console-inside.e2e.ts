// The web console where one works inside a domain: terminals that outlive the page, documents, and new domains.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page, Route as PageRoute } from 'playwright-core';
import { Chromium, goTo, pictures, pressUntil } from '../world/browser.js';
import { domainXml } from '../world/documents.js';
import { type Hand, hands, Mouse } from '../world/hands.js';
import { faultsInLooks, looksOfStates } from '../world/looks.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
let chromium: Chromium;
let admin: BrowserContext;
let page: Page;

const restless = ['/bin/sh', '-c', 'while :; do sleep 1; done'];

before(async () => {
  world = await World.open();
  await world.run(domainXml({ name: 'web-17', type: 'openvz', program: restless }));
  await world.define(domainXml({ name: 'papers', program: restless, more: '<title>Old</title>' }));
  chromium = await Chromium.open(world);
  admin = await chromium.enter('admin');
  page = admin.pages()[0] ?? assert.fail('no page is open');
});
after(async () => {
  await chromium.close();
  await world.clearKept();
  await world.close();
});

const shown = async (of: Page): Promise<string> =>
  (await of.locator('.xterm-rows > div').allTextContents()).join('\n');
const terminalSays = (of: Page, text: string | RegExp): Promise<boolean> =>
  waitFor(`${text} in the terminal`, async () => {
    const all = await shown(of);
    return typeof text === 'string' ? all.includes(text) : text.test(all);
  });

async function openShell(of: Page, hand: Hand = new Mouse(of)): Promise<void> {
  await of.goto(`${chromium.url}/domains/web-17/terminal`);
  await hand.use('button', 'Open a shell');
  await of.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' });
  await terminalSays(of, '#');
}

test('a shell by keys alone, and the way out of it', async () => {
  await goTo(page, '/domains/web-17');
  await page.locator('h1', { hasText: 'web-17' }).waitFor();
  await pressUntil(page, 'Tab', 'a', 'Terminal');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Open a shell' }).waitFor();
  assert.deepEqual(await faultsInLooks(page, 'terminal-before'), []);
  await pressUntil(page, 'Tab', 'button', 'Open a shell');
  await page.keyboard.press('Enter');
  await page.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' });
  await terminalSays(page, '#');
  await page.keyboard.type('echo $((6*7)) g d');
  await page.keyboard.press('Enter');
  await terminalSays(page, '42 g d');
  for (const keys of ['Control+Shift+Escape', 'Control+F6']) {
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.press(keys);
    await page.locator('button:focus', { hasText: 'Copy' }).waitFor();
  }
  assert.deepEqual(await faultsInLooks(page, 'terminal'), []);
  // What it shows is there after a look at something else.
  await goTo(page, '/domains/web-17/usage');
  await goTo(page, '/domains/web-17/terminal');
  await terminalSays(page, '42 g d');
  await page.getByRole('button', { name: 'End', exact: true }).click();
  await page.getByRole('button', { name: 'Open another' }).waitFor();
});

async function closeTheLaptop(own: Page, hand: Hand): Promise<void> {
  const cuts: (() => void)[] = [];
  let isAway = false;
  await own.routeWebSocket(/\/v1\//, (here) => {
    if (isAway) return void here.close();
    here.connectToServer();
    // The daemon does not notice, as with a computer that sleeps.
    cuts.push(() => void here.close());
  });
  await openShell(own, hand);
  await own.keyboard.type(
    'word=kept; i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line-$i; sleep 0.01; done',
  );
  await own.keyboard.press('Enter');
  await terminalSays(own, 'line-3');
  isAway = true;
  for (const cut of cuts) cut();
  await own.getByText('connection lost: coming back').waitFor();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  isAway = false;
  await terminalSays(own, 'line-300');
  const lines = (await shown(own)).match(/line-\d+$/gm) ?? [];
  // Not one is missing, and none is there twice.
  const first = Number(lines[0]?.slice(5));
  assert.deepEqual(
    lines,
    lines.map((_, at) => `line-${first + at}`),
  );
  await own.reload();
  await terminalSays(own, 'line-300');
  await own.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' });
  await own.keyboard.type('echo the-word-is-$word');
  await own.keyboard.press('Enter');
  await terminalSays(own, 'the-word-is-kept');
  // What is typed there is the program's, until it is left.
  await own.keyboard.press('Control+Shift+Escape');
  await hand.use('button', 'End');
  await own.getByRole('button', { name: 'Open another' }).waitFor();
}

for (const [by, take] of Object.entries(hands))
  test(`a laptop is closed and opened, and a page loaded anew: the program is where it was, ${by}`, async () => {
    const own = await admin.newPage();
    await closeTheLaptop(own, take(own));
    await own.close();
  });

test('a program that prints for ever, and one that prints what is no text, harm nobody', async () => {
  const own = await admin.newPage();
  await openShell(own);
  // It comes in pieces as the two of them happen to meet: in few large ones, or in thousands.
  for (let round = 0; round < 3; round++) {
    await own.keyboard.type('yes');
    await own.keyboard.press('Enter');
    await terminalSays(own, 'y\ny\ny');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const beganMs = performance.now();
    await own.keyboard.press('Control+c');
    await terminalSays(own, /# \s*$/);
    const tookMs = performance.now() - beganMs;
    // Behind all that was printed it would come after minutes.
    assert.ok(tookMs < 20_000, `^C took ${tookMs} ms`);
  }
  await own.keyboard.type(
    'head -c 300000 /dev/urandom; printf "\\033]52;c;aGFoYQ==\\007\\033c\\033[38;2;10;200;90mgreen\\033[0m sane"',
  );
  await own.keyboard.press('Enter');
  await terminalSays(own, 'green sane');
  await own.getByRole('button', { name: 'End', exact: true }).click();
  await own.close();
  assert.deepEqual(chromium.faults, []);
});

test('characters that come byte by byte are whole, and a click far to the right is told as it is', async () => {
  const own = await admin.newPage();
  await openShell(own);
  // A dash, and one of four bytes: after each 0x80 the terminal has a while to forget what came.
  await own.keyboard.type(
    'for c in 342 200 224 360 220 200 200; do printf "\\\\$c"; sleep 0.2; done; echo " whole"',
  );
  await own.keyboard.press('Enter');
  await terminalSays(own, '—\u{10000} whole');
  await own.keyboard.type(
    'stty raw -echo; printf "\\033[?1000hpress"; dd bs=6 count=1 2>/dev/null | od -An -tx1; stty sane',
  );
  await own.keyboard.press('Enter');
  await terminalSays(own, /^press/m);
  const { width } = (await own.locator('.xterm-screen').boundingBox()) ?? assert.fail('there is no terminal');
  await own.locator('.xterm-screen').click({ position: { x: width * 0.97, y: 8 } });
  // The column, with 32 more, is one byte, which is no text beyond 95 of them.
  await terminalSays(own, /1b 5b 4d 20 (?!c2)[89a-f][0-9a-f] 2[0-9a-f]/);
  await own.keyboard.type('printf "\\033[?1000l"');
  await own.keyboard.press('Enter');
  await own.getByRole('button', { name: 'End', exact: true }).click();
  await own.close();
});

test('a guest that asks for a thing to be done two thousand million times does not hold the page up', async () => {
  const own = await admin.newPage();
  await openShell(own);
  await own.keyboard.type(
    `for c in I Z L M S T b @ P X A B C D E F G d ' @' ' A' "'}" "'~"; do printf "x\\033[2147483647$c"; done; printf '\\033call %s\\n' done`,
  );
  const beganMs = performance.now();
  await own.keyboard.press('Enter');
  await terminalSays(own, /^all done/m);
  const tookMs = performance.now() - beganMs;
  // Done as often as it asks, it would take hours.
  assert.ok(tookMs < 30_000, `it took ${tookMs} ms`);
  await own.getByRole('button', { name: 'End', exact: true }).click();
  await own.close();
});

test('a shell is opened in a tab whose browser has no room to keep its name', async () => {
  const own = await admin.newPage();
  await own.goto(`${chromium.url}/domains`);
  await own.evaluate(() => {
    for (let bytes = 4 * 1024 * 1024, at = 0; bytes > 0; at++)
      try {
        sessionStorage.setItem(`full-${at}`, 'x'.repeat(bytes));
      } catch {
        bytes = Math.floor(bytes / 2);
      }
  });
  await openShell(own);
  await own.keyboard.type('echo $((6*7)) here');
  await own.keyboard.press('Enter');
  await terminalSays(own, '42 here');
  await own.getByRole('button', { name: 'End', exact: true }).click();
  await own.close();
});

test('who has the console is told, and it is taken over by who says so', async () => {
  const held = await world.client.domains.console({ domain: 'web-17', open: {} });
  held.stdout.resume();
  held.stderr.resume();
  const own = await admin.newPage();
  await own.goto(`${chromium.url}/domains/web-17/terminal?of=console`);
  await own.getByRole('button', { name: 'Open the console' }).click();
  await own.getByText('In use: a client of HTTP').waitFor();
  await own.screenshot({ path: `${pictures}/terminal-in-use.png` });
  await own.getByRole('button', { name: 'Take it over…' }).click();
  await own.getByRole('heading', { name: 'Take the console over?' }).waitFor();
  await own.getByRole('button', { name: 'Take it over', exact: true }).click();
  await assert.rejects(held.exited, /web session \w+ \(admin\) has taken over/);
  await own.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' });
  await own.close();
});

test('a session that is ended takes its terminals along', async () => {
  const operator = await chromium.enter('operator');
  const own = operator.pages()[0] ?? assert.fail('no page is open');
  await openShell(own);
  await own.keyboard.type('exec sleep 98765');
  await own.keyboard.press('Enter');
  const sleeps = async (): Promise<boolean> =>
    (await world.client.usage.processes({ domain: 'web-17' })).some(({ command }) =>
      command.includes('98765'),
    );
  await waitFor('the program', sleeps);
  const [session] = (await world.client.web.list()).filter(({ role }) => role === 'operator');
  await world.client.web.revoke({ session: session?.id ?? '' });
  await waitFor('its end', async () => !(await sleeps()));
  await own.getByText('Come in by a link').waitFor();
  await operator.close();
});

const stored = (name: string): Promise<string> => world.client.domains.xml({ domain: name, inactive: true });

/** Puts a text in the place of a document, as who pastes it. */
async function write(of: Page, text: string): Promise<void> {
  await of.locator('.cm-content').focus();
  await of.keyboard.press('Control+a');
  // Else Chromium itself edits what is marked, with styles of its own, which the policy refuses.
  await of.keyboard.press('Delete');
  await of.keyboard.insertText(text);
}

/** How much is wrong stands below the document. */
const toldFaults = (of: Page, text: string): Promise<void> =>
  of.locator('.findings').getByText(text).waitFor();

async function openDocument(of: Page, name = 'papers'): Promise<string> {
  await of.goto(`${chromium.url}/domains/${name}/document`);
  await of.locator('.cm-content').waitFor();
  return await stored(name);
}

/** The same document with another title and three faults. */
const spoilt = (good: string): string =>
  good
    .replace(/<vcpu[^>]*>.*<\/vcpu>|<os>/, (found) => `<vcpu>tow</vcpu>${found === '<os>' ? '\n  <os>' : ''}`)
    .replace(
      '<title>Old</title>',
      "<title>New</title>\n  <on_crash>maybe</on_crash>\n  <currentMemory unit='parsec'>3</currentMemory>",
    );

/** The line at which the cursor is, as it should be. */
async function mendedLine(of: Page): Promise<string> {
  const line = await of.locator('.cm-activeLine').textContent();
  return (line ?? '')
    .trim()
    .replace('tow', '2')
    .replace('maybe', 'restart')
    .replace("unit='parsec'>3<", "unit='MiB'>64<");
}

const leftOver = (at: number): string => (at === 2 ? 'No faults.' : `${2 - at} fault`);

async function assertMended(of: Page, name: string): Promise<void> {
  await of.getByText('Saved; its next start has it').waitFor();
  const after = await stored(name);
  for (const part of ['<title>New</title>', '<on_crash>restart</on_crash>', '>2</vcpu>'])
    assert.ok(after.includes(part), after);
}

test('a document with three faults is mended by keys alone', async () => {
  const own = await admin.newPage();
  const good = await openDocument(own);
  const bad = spoilt(good);
  await pressUntil(own, 'Tab', 'div', 'Document of papers');
  await write(own, bad);
  await toldFaults(own, '3 faults');
  // What no host takes is not sent to one.
  await own.getByText('Cannot be saved with 3 faults in it').waitFor();
  assert.ok(await own.getByRole('button', { name: 'Save…' }).isDisabled());
  await own.keyboard.press('Control+s');
  assert.equal(await own.locator('.review').count(), 0);
  const told = await own.locator('.findings .error .num').allTextContents();
  const { findings } = await world.client.domains.validate({ body: bad });
  const places = findings
    .filter(({ severity }) => severity === 'error')
    .map(({ line, column }) => `${line}:${column}`);
  assert.deepEqual(told.toSorted(), places.toSorted(), 'the page finds what the host finds, where it does');
  assert.deepEqual(await faultsInLooks(own, 'document-faults'), []);
  await own.getByRole('button', { name: 'Validate on this host' }).click();
  await own.locator('.buttons .warn-text').waitFor();
  assert.equal(await own.locator('.findings .error').count(), 3, 'what both find is told once');
  // From fault to fault, each mended where the cursor is put.
  await own.locator('.cm-content').focus();
  await own.keyboard.press('Control+Home');
  for (let at = 0; at < 3; at++) {
    await own.keyboard.press('F8');
    const mended = await mendedLine(own);
    await own.keyboard.press('Home');
    await own.keyboard.press('Shift+End');
    await own.keyboard.insertText(mended);
    await toldFaults(own, leftOver(at));
  }
  await own.keyboard.press('Control+s');
  await own.locator('.review button:focus', { hasText: 'Save' }).waitFor();
  await own.screenshot({ path: `${pictures}/document-review.png` });
  await own.keyboard.press('Enter');
  await assertMended(own, 'papers');
  await own.close();
});

test('a document with three faults is mended by mouse', async () => {
  await world.define(domainXml({ name: 'sheets', program: restless, more: '<title>Old</title>' }));
  const own = await admin.newPage();
  const good = await openDocument(own, 'sheets');
  await write(own, spoilt(good));
  await toldFaults(own, '3 faults');
  for (let at = 0; at < 3; at++) {
    await own.locator('.findings .error button').first().click();
    const line = own.locator('.cm-activeLine');
    const mended = await mendedLine(own);
    // Thrice on a line marks it.
    await line.click({ clickCount: 3 });
    await own.keyboard.press('Delete');
    await own.keyboard.insertText(`${mended}\n`);
    await toldFaults(own, leftOver(at));
  }
  await own.getByRole('button', { name: 'Save…' }).click();
  await own.locator('.review').getByRole('button', { name: 'Save', exact: true }).click();
  await assertMended(own, 'sheets');
  await own.close();
});

/** What is offered is not taken by an Enter that was meant for the text, which is one of the first moment. */
async function offered(of: Page, word: string): Promise<void> {
  await of.locator('.cm-tooltip-autocomplete li', { hasText: word }).waitFor();
  await of.waitForTimeout(200);
}

test('what may stand somewhere is offered, and what it means is told', async () => {
  const own = await admin.newPage();
  await openDocument(own);
  await write(own, '<domain>\n  <devices>\n    ');
  await own.keyboard.type('<filesys');
  await offered(own, 'filesystem');
  await own.keyboard.press('Enter');
  await own.keyboard.type(' accessm');
  await offered(own, 'accessmode');
  await own.screenshot({ path: `${pictures}/document-completion.png` });
  await own.keyboard.press('Enter');
  await own.keyboard.type('sq');
  await offered(own, 'squash');
  await own.keyboard.press('Enter');
  await own.locator('.entry', { hasText: 'Whose rights count when files are reached' }).waitFor();
  assert.match((await own.locator('.cm-content').textContent()) ?? '', /<filesystem accessmode='squash/);
  await own.getByRole('button', { name: 'Drop changes' }).click();
  await own.close();
  assert.deepEqual(chromium.faults, []);
});

test('two who write the same document lose nothing, and neither does one whose page or session goes', async () => {
  const context = await chromium.enter('admin');
  const own = context.pages()[0] ?? assert.fail('no page is open');
  const before = await openDocument(own);
  await write(own, before.replace('<title>New</title>', '<title>Mine</title>'));
  await own.reload();
  await own.getByText('What you had not saved is here again.').waitFor();
  await own.locator('.cm-line', { hasText: '<title>Mine</title>' }).waitFor();
  // The session ends; another link in the same tab finds the text.
  const mine = (await world.client.web.list())
    .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))
    .at(-1);
  await world.client.web.revoke({ session: mine?.id ?? '' });
  await own.getByText('Come in by a link').waitFor();
  await world.client.domains.redefine({
    domain: 'papers',
    body: before.replace('>2</vcpu>', '>3</vcpu>'),
  });
  await own.goto('about:blank');
  await own.goto(await chromium.link('admin'));
  await own.locator('.shell').waitFor();
  await goTo(own, '/domains/papers/document');
  await own.locator('.cm-line', { hasText: '<title>Mine</title>' }).waitFor();
  await own.getByRole('button', { name: 'Put both together' }).waitFor();
  await own.locator('.conflict .new', { hasText: '>3</vcpu>' }).waitFor();
  await own.locator('.conflict .new', { hasText: '<title>Mine</title>' }).waitFor();
  assert.deepEqual(await faultsInLooks(own, 'document-conflict'), []);
  await own.getByRole('button', { name: 'Put both together' }).click();
  await own.getByText('Both are in it; nothing is saved yet.').waitFor();
  // And once more, in the moment of saving: what is shown then is the conflict alone.
  await own.getByRole('button', { name: 'Save…' }).click();
  await own.locator('.review').waitFor();
  await world.client.domains.redefine({
    domain: 'papers',
    body: (await stored('papers')).replace('>3</vcpu>', '>4</vcpu>'),
  });
  await own.locator('.conflict').waitFor();
  assert.equal(await own.locator('.review').count(), 0);
  await own.getByRole('button', { name: 'Put both together' }).click();
  await own.getByRole('button', { name: 'Save…' }).click();
  await own.locator('.review').getByRole('button', { name: 'Save', exact: true }).click();
  await own.getByText('Saved; its next start has it').waitFor();
  const after = await stored('papers');
  assert.ok(after.includes('<title>Mine</title>') && after.includes('>4</vcpu>'), after);
  await context.close();
});

test('what is written while a document is being saved stays', async () => {
  const own = await admin.newPage();
  const before = await openDocument(own);
  let letGo = (): void => undefined;
  const isLetGo = new Promise<void>((resolve) => (letGo = resolve));
  await own.route('**/v1/domains/*/xml*', async (route) => {
    if (route.request().method() === 'PUT') await isLetGo;
    await route.continue();
  });
  await write(own, before.replace('<title>Mine</title>', '<title>Saved</title>'));
  await own.getByRole('button', { name: 'Save…' }).click();
  await own.locator('.review').getByRole('button', { name: 'Save', exact: true }).click();
  await own.locator('.cm-content').focus();
  await own.keyboard.press('Control+Home');
  await own.keyboard.press('End');
  await own.keyboard.insertText('<!-- written meanwhile -->');
  letGo();
  await own.getByText('Saved; its next start has it').waitFor();
  await own.locator('.cm-line', { hasText: '<title>Saved</title>' }).waitFor();
  await own.locator('.cm-line', { hasText: '<!-- written meanwhile -->' }).waitFor();
  assert.ok((await stored('papers')).includes('<title>Saved</title>'));
  await own.getByRole('button', { name: 'Drop changes' }).click();
  await own.close();
});

/** The same page with its editor on its way, and when that did not come. */
async function faultsOfEditor(of: Page, name: string, open: () => Promise<void>): Promise<string[]> {
  await of.route('**/editor-*.js', () => undefined);
  await open();
  await of.locator('.document .bones').waitFor();
  const faults = await faultsInLooks(of, `${name}-loading`, looksOfStates);
  await of.unrouteAll();
  await of.route('**/editor-*.js', (route) => route.abort());
  // It has been loaded again already as often as it is by itself.
  await of.evaluate(() => sessionStorage.setItem('ctvirt-again', '3'));
  await open();
  await of.locator('.document .fault').waitFor();
  faults.push(...(await faultsInLooks(of, `${name}-error`, looksOfStates)));
  await of.unrouteAll();
  return faults;
}

test('a document, a new one and a terminal are for everybody while they are on their way, and when they do not come', async () => {
  const own = await admin.newPage();
  const faults = await faultsOfEditor(own, 'editor', async () => {
    await own.goto(`${chromium.url}/domains/papers/document`);
  });
  const describe = async () => {
    await own.goto(`${chromium.url}/define`);
    await own.getByLabel('Name', { exact: true }).fill('unmade');
    await own.getByRole('button', { name: 'Show its document' }).click();
  };
  faults.push(...(await faultsOfEditor(own, 'define-editor', describe)));
  await own.routeWebSocket(/\/v1\//, () => undefined);
  await own.goto(`${chromium.url}/domains/web-17/terminal`);
  await own.getByRole('button', { name: 'Open a shell' }).click();
  await own.getByText('opening').waitFor();
  faults.push(...(await faultsInLooks(own, 'terminal-loading', looksOfStates)));
  await own.routeWebSocket(/\/v1\//, (here) => here.close());
  await own.reload();
  await own.getByRole('button', { name: 'Open a shell' }).click();
  await own.getByRole('button', { name: 'Open another' }).waitFor();
  faults.push(...(await faultsInLooks(own, 'terminal-error', looksOfStates)));
  await own.close();
  assert.deepEqual(faults, []);
});

test('an editor that does not come at first is there then, and so is what was said to the page before', async () => {
  const own = await admin.newPage();
  await own.route('**/editor-*.js', (route) => route.abort('internetdisconnected'), { times: 1 });
  await own.goto(`${chromium.url}/define`);
  // The page is loaded again by itself when the daemon answers, which takes until its words were seen.
  const daemon = `${chromium.url}/`;
  let isSeen = () => {};
  const seen = new Promise<void>((resolve) => (isSeen = resolve));
  const ask = (route: PageRoute) => seen.then(() => route.continue());
  await own.route(daemon, ask);
  await own.getByLabel('Name', { exact: true }).fill('unmade');
  await own.getByLabel('Memory at most').fill('77M');
  const show = own.getByRole('button', { name: 'Show its document' });
  await show.click();
  await own.getByText('A part of this page did not come').waitFor();
  const loaded = own.waitForEvent('load');
  await own.unroute(daemon, ask);
  isSeen();
  await loaded;
  await show.click();
  await own.locator('.cm-line', { hasText: '<name>unmade</name>' }).waitFor();
  await own.locator('.cm-line', { hasText: '>78848</memory>' }).waitFor();
  await own.close();
  assert.deepEqual(chromium.faults, []);
});

test('one who may only look reads a document, and writes none', async () => {
  const viewer = await chromium.enter('viewer');
  const own = viewer.pages()[0] ?? assert.fail('no page is open');
  await openDocument(own);
  await own.locator('.cm-content').focus();
  await own.keyboard.type('no');
  await own.getByText('No faults.').waitFor();
  assert.ok(await own.getByRole('button', { name: 'Save…' }).isDisabled());
  await goTo(own, '/domains/web-17/terminal');
  await own.getByText('Needs the role operator').waitFor();
  await viewer.close();
});

test('a new domain is said in words, seen as a document, defined and started, by keys alone', async () => {
  const own = await admin.newPage();
  await own.goto(`${chromium.url}/domains`);
  await own.getByRole('link', { name: 'New domain' }).focus();
  await own.keyboard.press('Enter');
  await own.getByLabel('Name', { exact: true }).focus();
  await own.keyboard.type('web-17');
  await own.keyboard.press('Enter');
  await own.getByRole('alert').waitFor();
  assert.deepEqual(await faultsInLooks(own, 'define-refused'), []);
  await own.getByLabel('Name', { exact: true }).focus();
  await own.keyboard.press('Control+a');
  await own.keyboard.type('fresh');
  await own.getByLabel('Memory at most').focus();
  await own.keyboard.type('much');
  await own.keyboard.press('Enter');
  await own.getByRole('alert').filter({ hasText: 'PHYSPAGES' }).waitFor();
  await own.getByLabel('Memory at most').focus();
  await own.keyboard.press('Control+a');
  await own.keyboard.type('64M');
  // Each is refused where it was said, whatever case the refusal writes it in.
  for (const [label, bad, good] of [
    ['Disk at most', 'lots', '1G'],
    ['Address', '192.168.1.300', '10.77.1.99'],
    ['Name', 'a/b', 'fresh'],
  ] as const) {
    const field = own.getByRole('textbox', { name: label, exact: true });
    await field.fill(bad);
    await own.keyboard.press('Enter');
    await own.locator(`.field:has(input:focus) + [role=alert]`).waitFor();
    await field.fill(good);
  }
  await own.keyboard.press('Enter');
  await own.locator('.cm-line', { hasText: '<name>fresh</name>' }).waitFor();
  // What was written into it does not stand in the place of other words.
  await write(own, '<domain/>');
  await own.getByRole('button', { name: 'Back to the words' }).click();
  await own.getByLabel('Memory at most').focus();
  await own.keyboard.press('Control+a');
  await own.keyboard.type('65M');
  await own.keyboard.press('Enter');
  await own.locator('.cm-line', { hasText: '<name>fresh</name>' }).waitFor();
  assert.deepEqual(await faultsInLooks(own, 'define-document'), []);
  // What was written there is of these words, and not of others that are said then.
  await own.locator('.cm-content').focus();
  await own.keyboard.press('Control+Home');
  await own.keyboard.insertText('<!-- of 64M -->');
  await own.getByRole('button', { name: 'Back to the words' }).click();
  await own.getByLabel('Memory at most').fill('96M');
  await own.keyboard.press('Enter');
  await own.locator('.cm-line', { hasText: '>98304</memory>' }).waitFor();
  assert.equal(await own.locator('.cm-line', { hasText: 'of 64M' }).count(), 0);
  await own.getByRole('button', { name: 'Define', exact: true }).focus();
  await own.keyboard.press('Enter');
  await own.locator('h1', { hasText: 'fresh' }).waitFor();
  await waitFor('its start', async () => (await world.state('fresh')).startsWith('running'));
  await own.close();
  assert.deepEqual(chromium.faults, []);
});

test('a document that was pasted, or that this host does not take yet, is changed where it is, and defined', async () => {
  const own = await admin.newPage();
  await own.goto(`${chromium.url}/adopt/convert`);
  const convert = async (text: string) => {
    await own.getByRole('textbox', { name: 'Configuration' }).fill(text);
    await own.getByRole('button', { name: 'Convert', exact: true }).click();
  };
  await convert('VE_PRIVATE="/vz/private/$VEID"\nOSTEMPLATE="centos-6"\nNUMPROC="240:240"\n');
  await own.locator('.said', { hasText: "there is no template 'centos-6'" }).waitFor();
  await own.getByRole('button', { name: 'Change it' }).click();
  await own.locator('.cm-line', { hasText: "name='centos-6'" }).waitFor();
  assert.deepEqual(await faultsInLooks(own, 'convert-change'), []);
  await convert(domainXml({ name: 'pasted', program: restless }));
  await own.getByText('It can be defined on this host.').waitFor();
  await own.getByRole('button', { name: 'Change it' }).click();
  await write(own, domainXml({ name: 'pasted', program: restless, more: '<title>Mended</title>' }));
  await own.getByRole('button', { name: 'Define pasted' }).click();
  await own.locator('h1', { hasText: 'pasted' }).waitFor();
  assert.ok((await stored('pasted')).includes('<title>Mended</title>'));
  await own.close();
  assert.deepEqual(chromium.faults, []);
});
