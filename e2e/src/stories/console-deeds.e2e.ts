// What cannot be taken back, done by the web console: told by names and number, typed where it erases, and what goes on without its page.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { Chromium, goTo, numbersIn } from '../world/browser.js';
import { output } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { faultsInLooks } from '../world/looks.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

let world: World;
let chromium: Chromium;
let admin: BrowserContext;
let page: Page;

const restless = ['/bin/sh', '-c', 'while :; do sleep 1; done'];
const many = ['crowd-1', 'crowd-2', 'crowd-3'];

before(async () => {
  world = await World.open();
  for (const name of many) await world.run(domainXml({ name, program: restless }));
  chromium = await Chromium.open(world);
  admin = await chromium.enter('admin');
  page = admin.pages()[0] ?? assert.fail('no page is open');
});
after(async () => {
  await chromium.close();
  await world.clearKept();
  await world.close();
});

const dialog = () => page.locator('dialog');
const states = () => Promise.all(many.map((name) => world.state(name)));

/** What is typed is first something else, which is not taken. */
async function typeAndSay(word: string, sure: string): Promise<void> {
  const field = dialog().getByRole('textbox', { name: `Type ${word} to go on` });
  const button = dialog().getByRole('button', { name: sure, exact: true });
  await field.waitFor();
  assert.ok(await button.isDisabled());
  await field.fill(`${word}x`);
  await page.keyboard.press('Enter');
  assert.ok(await button.isDisabled());
  await field.fill(word);
  await button.click();
}

test('many at once are told by their number and names, and so is what came of it', async () => {
  await goTo(page, '/domains?search=crowd');
  await page.locator('.list [data-at="2"]').waitFor();
  await page.getByLabel('Choose all').check();
  const bulk = page.getByRole('toolbar', { name: '3 chosen' });
  const begin = () => bulk.getByRole('button', { name: 'Power off now 3…' }).click();
  await begin();
  await page.getByRole('heading', { name: 'Power off now 3 domains?' }).waitFor();
  assert.deepEqual(await dialog().locator('li').allTextContents(), many);
  await page.keyboard.press('Enter');
  await dialog().waitFor({ state: 'detached' });
  assert.deepEqual(await states(), Array(3).fill('running (booted)'));
  await begin();
  await dialog().getByRole('button', { name: 'Power off now 3 domains' }).click();
  await page.locator('.note', { hasText: `Powered off ${many.join(', ')}` }).waitFor();
  assert.deepEqual(await states(), Array(3).fill('shutoff (destroyed)'));
  // Of those it does not fit there are none.
  assert.ok(await bulk.getByRole('button', { name: 'Shut down' }).isDisabled());
  await bulk.getByRole('button', { name: 'Start 3' }).click();
  await waitFor('all to run', async () => (await states()).every((state) => state.startsWith('running')));
});

test('a parameter of many is set after it was told what each has, and who failed is named', async () => {
  const all = [...many, 'crowd-4'];
  await world.define(domainXml({ name: 'crowd-4', program: restless }));
  await goTo(page, '/domains?search=crowd');
  await page.locator('.list [data-at="3"]').waitFor();
  await page.getByLabel('Choose all').check();
  await page.getByRole('button', { name: 'Set parameters…' }).click();
  await page.getByRole('heading', { name: 'Set a parameter of 4 domains' }).waitFor();
  const lines = dialog().locator('li');
  assert.deepEqual(
    (await lines.allTextContents()).map((line) => line.split(' ')[0]),
    all,
  );
  await dialog().getByLabel('Parameter, such as').fill('numproc');
  await dialog().getByLabel('barrier:limit').fill('1');
  await dialog().getByText('3 of 4 hold more: more is refused there').waitFor();
  assert.match((await lines.first().textContent()) ?? '', /^crowd-1 has ∞ · holds \d+$/);
  assert.equal(await lines.last().textContent(), 'crowd-4 shut off');
  assert.deepEqual(await faultsInLooks(page, 'domains-set'), []);
  await dialog().getByLabel('barrier:limit').fill('200');
  await world.client.domains.undefine({ domain: 'crowd-4', storage: true });
  await dialog().getByRole('button', { name: 'Set NUMPROC of 4 domains' }).click();
  const note = page.locator('.note.failed', { hasText: 'Setting NUMPROC: 1 of 4 failed' });
  await note.getByText(/^crowd-4: /).waitFor();
  await note.getByLabel('Close').click();
  for (const domain of many)
    for (const inactive of [false, true]) {
      const rows = await world.client.domains.parameters({ domain, inactive });
      assert.equal(rows.find(({ key }) => key === 'NUMPROC')?.value, '200', domain);
    }
});

test('what the host can still promise is told before a promise is set, and whether that is refused', async () => {
  const [name = ''] = many;
  await world.client.domains.setParameters({ domain: name, body: { values: { CPUUNITS: '2000' } } });
  const headroom = async (resource: string) =>
    (await world.client.guarantees.show()).rows.find((row) => row.resource === resource)?.headroom ?? 0;
  const [cpu, memory] = [await headroom('cpu'), await headroom('allocation')];
  await goTo(page, `/domains/${name}/limits`);
  await page.getByRole('button', { name: 'Change CPUUNITS' }).click();
  const field = dialog().getByLabel('barrier:limit');
  const told = dialog().locator('[role=status]', { hasText: 'can still be promised then' });
  await field.fill('2500');
  await told.waitFor();
  assert.deepEqual(await numbersIn(page, 'dialog [role=status]'), [cpu - 500]);
  assert.equal(await dialog().getByText('This host cannot keep that').count(), 0);
  await field.fill('1000000000');
  await dialog().getByText('8 to 500000').waitFor();
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });

  // Of many all promises count together.
  await goTo(page, '/domains?search=crowd');
  await page.locator('.list [data-at="2"]').waitFor();
  await page.getByLabel('Choose all').check();
  await page.getByRole('button', { name: 'Set parameters…' }).click();
  await dialog().getByLabel('Parameter, such as').fill('VMGUARPAGES');
  await field.fill('256');
  await told.waitFor();
  assert.deepEqual(await numbersIn(page, 'dialog [role=status]'), [memory - 3 * 2 ** 20]);
  await field.fill(String(2 ** 40));
  await dialog().getByText('This host cannot keep that: it is let in with a warning.').waitFor();
  assert.ok(((await numbersIn(page, 'dialog [role=status]'))[0] ?? 0) < 0);
  assert.deepEqual(await faultsInLooks(page, 'domains-set-unkept'), []);
  const restart = async (settings: string) => {
    await world.stop();
    await mkdir(`${world.root}/etc`, { recursive: true });
    await writeFile(`${world.root}/etc/ctvirtd.conf`, settings);
    await world.start();
    await page.locator('.live[data-state="live"]').waitFor();
  };
  await restart('guarantees = "strict"\n');
  await field.fill(String(2 ** 39));
  await dialog().getByText('This host cannot keep that: it is refused.').waitFor();
  await dialog().getByRole('button', { name: 'Set VMGUARPAGES of 3 domains' }).click();
  const note = page.locator('.note.failed', { hasText: 'Setting VMGUARPAGES: 3 of 3 failed' });
  await note.getByText(/crowd-2: this host cannot keep what domain 'crowd-2' is promised/).waitFor();
  await note.getByLabel('Close').click();
  await restart('');
});

test('a network that nobody uses is stopped with a way back, and one in use names who is cut off', async () => {
  const lan = { network: 'lan' };
  const isOn = async () => (await world.client.networks.info(lan)).active;
  await world.client.networks.define({
    body: "<network><name>lan</name><forward mode='nat'/><ip address='10.99.7.1' prefix='24'><dhcp><range start='10.99.7.10' end='10.99.7.99'/></dhcp></ip></network>",
  });
  await goTo(page, '/networks');
  await page.getByRole('button', { name: 'Start lan' }).click();
  await page.locator('.note', { hasText: 'Network lan runs' }).waitFor();
  await page.getByRole('button', { name: 'Stop lan' }).click();
  const note = page.locator('.note', { hasText: 'Network lan is off' });
  await note.waitFor();
  assert.equal(await isOn(), false);
  await note.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Stop lan' }).waitFor();
  assert.equal(await isOn(), true);

  const users = ['guest-1', 'guest-2'];
  const interfaces = ["<interface type='network'><source network='lan'/></interface>"];
  for (const name of users) await world.run(domainXml({ name, program: restless, interfaces }));
  assert.deepEqual(await world.client.networks.users(lan), users);
  await page.getByRole('button', { name: 'Stop lan' }).click();
  await page.getByRole('heading', { name: 'Stop network lan?' }).waitFor();
  await dialog().getByText('2 domains are plugged into it: cut off until it runs again.').waitFor();
  assert.deepEqual(await dialog().locator('li').allTextContents(), users);
  assert.deepEqual(await faultsInLooks(page, 'network-stop'), []);
  await page.keyboard.press('Enter');
  await dialog().waitFor({ state: 'detached' });
  assert.equal(await isOn(), true);
  await page.getByRole('button', { name: 'Stop lan' }).click();
  await dialog().getByRole('button', { name: 'Stop lan', exact: true }).click();
  await note.waitFor();
  assert.equal(await isOn(), false);
  for (const name of users) await world.erase(name);
  await world.client.networks.undefine(lan);
});

test('a power off overtakes a shutdown that hangs', async () => {
  const [name = ''] = many;
  await goTo(page, `/domains/${name}`);
  // Its init hears of it, and goes on.
  await page.getByRole('button', { name: 'Shut down' }).click();
  await page.waitForTimeout(500);
  assert.equal(await world.state(name), 'running (booted)');
  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('button', { name: 'Power off now…' }).click();
  await dialog()
    .getByRole('button', { name: `Power off now ${name}` })
    .click();
  await world.waitForState(name, 'shutoff (destroyed)');
  assert.equal(await world.state(name), 'shutoff (destroyed)');
});

test('what erases a domain, a template or what is stray wants its name typed', async () => {
  const [name = ''] = many;
  await goTo(page, `/domains/${name}`);
  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('button', { name: 'Erase with its files…' }).click();
  await page.getByRole('heading', { name: `Erase ${name} and its files?` }).waitFor();
  await typeAndSay(name, 'Erase with its files');
  await page.locator('.note', { hasText: `Erased ${name}` }).waitFor();
  assert.deepEqual(await world.client.roots.list(), []);
  assert.ok(!(await world.client.domains.list()).some((one) => one.name === name));

  const archive = `${world.host}/spare.tar`;
  await output([
    'tar',
    '--create',
    '--file',
    archive,
    '--directory',
    `${world.root}/lib/templates/${busybox}/rootfs`,
    '.',
  ]);
  await world.client.templates.import({ template: 'spare', body: { source: archive } });
  await goTo(page, '/templates');
  await page.getByRole('row', { name: 'spare' }).getByRole('button', { name: 'Remove…' }).click();
  await typeAndSay('spare', 'Remove');
  await page.locator('.note', { hasText: 'Removed spare' }).waitFor();
  assert.deepEqual(
    (await world.client.templates.list()).map((one) => one.name),
    [busybox],
  );

  const stray = `${world.root}/lib/roots/ghost`;
  await mkdir(stray);
  await goTo(page, '/check');
  await page.getByRole('cell', { name: stray }).waitFor();
  await page.getByRole('button', { name: 'Return the strays…' }).click();
  await page.getByRole('heading', { name: 'Return 1 stray to the host?' }).waitFor();
  await typeAndSay('clean', 'Return the strays');
  await page.getByText('Nothing is stray').waitFor();
  assert.deepEqual((await world.client.check.list()).stray, []);
});

test('a domain that goes while one looks at it is missed in words on each of its tabs, and is there when it comes back', async () => {
  const name = 'passing';
  const define = () => world.define(domainXml({ name, program: restless }));
  for (const tab of ['', '/usage', '/limits', '/quota', '/terminal', '/document', '/snapshots', '/log']) {
    await define();
    await goTo(page, `/domains/${name}${tab}`);
    await page.getByRole('heading', { name, exact: true }).waitFor();
    await world.client.domains.undefine({ domain: name, storage: true });
    await page.getByRole('heading', { name: `There is no domain ${name} any more.` }).waitFor();
    await page.getByText('ctvirt root list').waitFor();
  }
  await define();
  await page.getByRole('heading', { name, exact: true }).waitFor();
  await world.client.domains.undefine({ domain: name, storage: true });
  assert.deepEqual(chromium.faults, []);
});

test('a template comes by upload with how far it is, and one that another asked for is found again and ended', async () => {
  const archive = `${world.host}/spare.tar`;
  await goTo(page, '/templates');
  await page.getByRole('button', { name: 'Import a file' }).click();
  await dialog().locator('input[type=file]').setInputFiles(archive);
  assert.equal(await dialog().getByRole('textbox').inputValue(), 'spare');
  await dialog().getByRole('button', { name: 'Import', exact: true }).click();
  await page.locator('.note', { hasText: 'Imported spare' }).waitFor();
  await page.getByRole('cell', { name: 'spare' }).waitFor();

  // One that never ends: the rest of it does not come.
  const body = new PassThrough();
  body.write((await readFile(archive)).subarray(0, 64 * 1024));
  const upload = world.client.templates.upload({ template: 'endless', body });
  const failed = assert.rejects(upload);
  await goTo(page, '/activity');
  const line = page.getByRole('row', { name: 'template endless' });
  await line.getByText('under way').waitFor();
  await page.reload();
  await line.getByText('under way').waitFor();
  await line.getByRole('button', { name: 'Abort…' }).click();
  await dialog().getByRole('button', { name: 'Abort', exact: true }).click();
  await line.getByText('cancelled').waitFor({ timeout: 5000 });
  await failed;
  body.destroy();
  assert.deepEqual((await world.client.templates.list()).map((one) => one.name).sort(), [busybox, 'spare']);
  await world.client.templates.remove({ template: 'spare' });
});
