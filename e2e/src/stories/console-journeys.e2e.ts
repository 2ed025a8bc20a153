// What an operator comes to the web console for, from the first screen to the end, by mouse and by keyboard alone.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Chromium, goTo, guidePicture, numbersIn } from '../world/browser.js';
import { output } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { type Hand, hands } from '../world/hands.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

let world: World;
let chromium: Chromium;
let page: Page;

const restless = ['/bin/sh', '-c', 'while :; do sleep 1; done'];
/** Where LXC keeps its containers; here it is a folder of this world's. */
const lxcHome = '/var/lib/lxc';

before(async () => {
  world = await World.open();
  await mkdir(`${world.host}/lxc`, { recursive: true });
  await world.enclosure.output('mount', '--bind', `${world.host}/lxc`, lxcHome);
  await world.run(domainXml({ name: 'quiet', program: restless }));
  await world.run(
    domainXml({
      name: 'hungry',
      type: 'openvz',
      program: restless,
      more: "<memory unit='MiB'>128</memory>",
    }),
  );
  await world.define(domainXml({ name: 'staging', program: restless }));
  chromium = await Chromium.open(world);
  const admin = await chromium.enter('admin');
  page = admin.pages()[0] ?? assert.fail('no page is open');
});
after(async () => {
  await chromium.close();
  // Files of those that were adopted are their own.
  for (const { name, state } of await world.client.domains.list())
    if (name.startsWith('mail-')) {
      if (state !== 'shutoff') await world.client.domains.destroy({ domain: name });
      await world.client.domains.undefine({ domain: name });
    }
  await world.enclosure.output('umount', lxcHome);
  await world.clearKept();
  await world.close();
});

/** The same journey by either hand. */
function journey(what: string, steps: (hand: Hand, by: string) => Promise<void>): void {
  for (const [by, take] of Object.entries(hands))
    test(`${what}, ${by}`, async () => {
      await goTo(page, '/');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await steps(take(page), by.split(' ')[1] ?? by);
      assert.deepEqual(chromium.faults, []);
    });
}

const refusals = async (): Promise<number> =>
  (await world.client.beancounters.show({ domain: 'hungry' })).rows.find(
    ({ resource }) => resource === 'numproc',
  )?.failcnt ?? assert.fail('no numproc');

/** So many programs at once, more of which may be refused. */
const crowd = () =>
  world.exec(
    'hungry',
    '/bin/sh',
    '-c',
    'i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done 2>/dev/null; wait',
  );

journey('find who takes most of the memory, and see what of it', async (hand) => {
  await world.shell('hungry', 'dd if=/dev/zero of=/tmp/fill bs=1M count=60 2>/dev/null');
  const hogs = page.getByRole('region', { name: 'Who takes most' });
  await waitFor('who takes most', async () => {
    const names = await hogs.getByRole('link').allTextContents();
    // The second half is of memory.
    return names[names.length / 2] === 'hungry';
  });
  await hand.use('link', 'hungry');
  await page.getByRole('heading', { name: 'hungry' }).waitFor();
  await hand.use('link', 'Usage');
  await page.getByRole('heading', { name: 'Memory' }).waitFor();
  await world.shell('hungry', 'rm /tmp/fill');
});

journey('raise a limit while it runs, and the wall is gone', async (hand) => {
  await world.client.domains.setParameters({
    domain: 'hungry',
    body: { values: { NUMPROC: '20' }, live: true, stored: true },
  });
  await crowd();
  await goTo(page, '/domains/hungry');
  await hand.use('link', 'Limits');
  const wall = page.locator('[aria-label="Walls"] tr', { hasText: 'numproc' });
  await wall.waitFor();
  await waitFor('the refusals', async () => (await refusals()) > 0);
  const before = await refusals();
  await waitFor('the wall on the page', async () =>
    (await numbersIn(page, '[aria-label="Walls"]')).includes(before),
  );
  const day = wall.locator('td[data-label="In 26 h"]');
  await day.getByRole('img', { name: 'numproc by the hour' }).waitFor();
  await waitFor('how often and when last', async () => {
    const { walls } = await world.client.history.domain({ domain: 'hungry' });
    const met = walls.filter(({ resource }) => resource === 'numproc');
    const all = met.reduce((sum, { rise }) => sum + rise, 0);
    return (
      (await day.locator('data').getAttribute('value')) === String(all) &&
      (await wall.locator('time').getAttribute('datetime')) === met.at(-1)?.at
    );
  });
  await hand.use('button', 'Change NUMPROC');
  await hand.type('barrier:limit', '1');
  await page.getByText(/^Comes to 1 · holds \d+, held at most \d+ · less than it holds/).waitFor();
  await hand.type('barrier:limit', '200');
  await page.getByText(/^Comes to 200 · holds \d+, held at most \d+$/).waitFor();
  await hand.use('button', 'Set');
  await page.getByText('NUMPROC is 200 now').waitFor();
  await wall.getByText('200').first().waitFor();
  await crowd();
  assert.equal(await refusals(), before, 'nobody was refused again');
});

/** A container of LXC's, with files as it would have them. */
async function makeLxc(name: string): Promise<void> {
  const folder = `${world.host}/lxc/${name}`;
  await mkdir(folder, { recursive: true });
  await output(['cp', '-a', `${world.root}/lib/templates/${busybox}/rootfs`, `${folder}/rootfs`]);
  await writeFile(
    `${folder}/config`,
    `# the mail server
lxc.uts.name = ${name}.example.com
lxc.rootfs.path = dir:${lxcHome}/${name}/rootfs
lxc.init.cmd = /bin/sleep infinity
lxc.cgroup2.memory.max = 128M
lxc.cgroup2.cpu.weight = 50
lxc.start.auto = 1
lxc.monitor.unshare = 1
`,
  );
}

journey('adopt a container: look at it, line by line, and take it over', async (hand, by) => {
  const name = `mail-${by}`;
  await makeLxc(name);
  await hand.use('link', 'Adopt or convert');
  await page.getByRole('heading', { name: 'Containers of other systems' }).waitFor();
  await hand.use('button', `Look: ${name}`);
  const line = page.locator('table.joined tr', { hasText: 'lxc.uts.name' });
  await line.getByText('carried').waitFor();
  assert.equal(await line.locator('td').first().textContent(), '2', 'its line of the source');
  await page.locator('pre', { hasText: `<name>${name}</name>` }).waitFor();
  if (by === 'mouse') await pictureOf('web-adopt');
  assert.equal(
    (await world.client.domains.list()).some((one) => one.name === name),
    false,
    'nothing yet',
  );
  await hand.use('button', `Adopt ${name}`);
  await page.getByRole('heading', { name, exact: true }).waitFor();
  await hand.use('button', 'Start');
  await world.waitForState(name, 'running (booted)');
  assert.equal(await world.shell(name, 'hostname'), `${name}.example.com`);
});

const openvz = `# the shop
ONBOOT="yes"
NUMPROC="64"
PRIVVMPAGES="65536:69632"
HOSTNAME="shop.example.com"
IP_ADDRESS="192.0.2.105"
OSTEMPLATE="${busybox}"
DATED="last week"
`;

journey('convert what was pasted, and define it', async (hand, by) => {
  await hand.use('link', 'Adopt or convert');
  await hand.use('link', 'Pasted or chosen');
  await page.getByText('Nothing to convert yet').waitFor();
  const name = by === 'mouse' ? '105' : '106';
  await hand.type('Configuration', openvz.replace('105"', `${name}"`));
  await hand.type('Name of the file', `${name}.conf`);
  await hand.use('button', 'Convert');
  const line = page.locator('table.joined tr', { hasText: 'DATED' });
  await line.getByText('ignored').waitFor();
  assert.equal(await line.locator('td').first().textContent(), '8');
  await page.getByText('It can be defined on this host.').waitFor();
  if (by === 'mouse') await pictureOf('web-convert');
  await hand.use('button', `Define ${name}`);
  await page.getByRole('heading', { name, exact: true }).waitFor();
  const { hostname, ctid } = await world.client.domains.summary({ domain: name });
  assert.deepEqual([hostname, ctid], ['shop.example.com', Number(name)]);
});

journey('roll a bad change back', async (hand, by) => {
  const mark = async () => {
    await world.client.domains.start({ domain: 'staging' });
    const said = await world.shell('staging', 'cat /etc/motd 2>/dev/null || echo none');
    await world.client.domains.destroy({ domain: 'staging' });
    return said;
  };
  await goTo(page, '/domains/staging');
  await hand.use('link', 'Snapshots');
  await hand.use('button', 'Take a snapshot');
  await hand.type('Name', `before-${by}`);
  await hand.use('button', 'Take a snapshot', 'dialog');
  await page.getByText('Took a snapshot of staging').first().waitFor();
  const before = await mark();
  await world.client.domains.start({ domain: 'staging' });
  await world.shell('staging', `echo broken by ${by} >/etc/motd`);
  await world.client.domains.destroy({ domain: 'staging' });
  assert.equal(await mark(), `broken by ${by}`);
  // The latest is the first of the list.
  await hand.use('button', 'Revert…');
  await page.getByRole('heading', { name: `Revert staging to before-${by}?` }).waitFor();
  await hand.use('button', 'Revert', 'dialog');
  await page.getByText(`Reverted staging to before-${by}`).waitFor();
  assert.equal(await mark(), before);
});

journey('limit a user while the domain runs', async (hand, by) => {
  const id = by === 'mouse' ? 1000 : 1001;
  await goTo(page, '/domains/quiet');
  await hand.use('link', 'Disk');
  await page.getByRole('heading', { name: 'By user and group, at /' }).waitFor();
  await hand.use('button', 'Limit somebody…');
  await hand.type('Its number', String(id));
  await hand.type('Space', '10M:12M');
  await hand.use('button', 'Limit', 'dialog');
  // Where nothing counts owners it is refused, and told so.
  const told = page.locator('.note', { hasText: `user ${id}` }).last();
  await told.waitFor();
  await waitFor('what came of it', async () => !/busy/.test((await told.getAttribute('class')) ?? ''));
  const owners = (await world.client.quota.show({ domain: 'quiet' })).filesystems[0]?.owners ?? [];
  const limited = owners.find((owner) => owner.kind === 'user' && owner.id === id);
  const isDone = ((await told.textContent()) ?? '').includes(`Limited user ${id}`);
  assert.equal(limited?.space.hard, isDone ? 12 * 2 ** 20 : undefined);
  if (isDone)
    await page
      .getByRole('cell', { name: `user ${id}` })
      .first()
      .waitFor();
  await told.getByRole('button', { name: 'Close' }).click();
});

/** Without what was said at the edge. */
async function pictureOf(name: string): Promise<void> {
  const notes = page.locator('.notes');
  await page.evaluate(() => scrollTo(0, 0));
  await notes.evaluate((edge) => edge.style.setProperty('visibility', 'hidden'));
  await guidePicture(page, name);
  await notes.evaluate((edge) => edge.style.removeProperty('visibility'));
}
