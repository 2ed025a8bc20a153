// What happened to a domain: known in one order, whoever ended meanwhile, and whatever became of the disk.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import type { LifeEntry } from '@ctvirt/api';
import { accessFaults, Chromium, pictures } from '../world/browser.js';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open({ diskMiB: 24 });
});
afterEach(async () => {
  await world.disk.empty();
  await world.clear();
});
after(() => world.close());

const life = (domain: string): Promise<readonly LifeEntry[]> => world.client.life.domain({ domain });
const linesOf = (entries: readonly LifeEntry[]) => entries.map(({ event, detail }) => `${event} ${detail}`);
const folder = () => world.enclosure.path(`${world.root}/lib/lives`);

/** It is written down behind what was asked for: a daemon that is killed sooner tells nobody of it. */
const written = (event: string, times: number): Promise<unknown> =>
  waitFor(`${event} to be written down`, () => {
    const text = readdirSync(folder())
      .map((file) => readFileSync(`${folder()}/${file}`, 'utf8'))
      .join('');
    return text.split(`"event":"${event}"`).length > times;
  });

const limited = domainXml({
  name: 'web',
  more: `<metadata><ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>
    <ctvirt:parameter name='numproc' barrier='16' limit='16'/>
  </ctvirt:beancounters></metadata>`,
});
const crowd = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 300 & done; true';

test('it is told over daemons, killed ones too, with who asked for what, and goes with its domain', async () => {
  const { domains, snapshots } = world.client;
  await world.define(limited);
  assert.match(await world.ctvirt('start', 'web'), /started/);
  await world.exec('web', '/bin/sh', '-c', crowd);
  const isRefused = ({ event }: LifeEntry): boolean => event === 'beancounter';
  await waitFor('the refusal', async () => (await life('web')).some(isRefused));
  await domains.suspend({ domain: 'web' });
  await domains.resume({ domain: 'web' });
  await world.ctvirt('set', 'web', '--numproc', '99:99', '--save');
  await written('changed', 1);
  const { initPid } = await domains.info({ domain: 'web' });
  await world.kill();
  // Nobody is there to see it end.
  process.kill(initPid ?? assert.fail('not running'), 'SIGKILL');
  await waitFor('its end', () => !existsSync(`/proc/${initPid}`));
  await world.start();
  await world.waitForState('web', 'shutoff (crashed)');
  await snapshots.create({ domain: 'web', body: { name: 'before' } });
  await snapshots.delete({ domain: 'web', snapshot: 'before' });
  await world.stop();
  await world.start();
  await domains.rename({ domain: 'web', body: { name: 'shop' } });
  const told = await life('shop');
  assert.deepEqual(linesOf(told), [
    'defined added',
    'started booted',
    'beancounter numproc',
    'suspended paused',
    'resumed unpaused',
    'changed live config',
    'stopped crashed',
    'snapshot made',
    'snapshot deleted',
    'defined renamed',
  ]);
  assert.deepEqual(
    [...told].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    told,
  );
  const [, started, wall, , , changed, stopped] = told;
  for (const entry of [started, changed]) assert.match(entry?.by ?? '', /^\S+ \(process \d+ of root\)$/);
  assert.ok((wall?.refused ?? 0) > 0);
  assert.match(changed?.words ?? '', /NUMPROC=99/);
  assert.deepEqual([stopped?.by, typeof stopped?.words], [null, 'string']);
  const printed = await world.ctvirt('log', 'shop');
  assert.match(printed, /^ Time +What +Asked by\n-+\n [-\d]+ [:\d]+ +defined \(added\) /);
  assert.match(printed, / refused numproc \d+x/);
  assert.match(printed, / renamed from web +/);
  assert.equal(JSON.parse(await world.ctvirt('log', 'shop', '--last', '2', '--json')).length, 2);
  await world.erase('shop');
  assert.deepEqual(readdirSync(folder()), []);
  await refused('not-found', life('shop'));
});

test('a line that was torn is left out, and a disk without room keeps nothing from going on', async () => {
  const { domains } = world.client;
  const { domain } = await world.define(domainXml({ name: 'web' }));
  const file = `${folder()}/${domain.uuid}.log`;
  await world.stop();
  appendFileSync(file, '{"at":"2026-11-30T12:00:00Z","event":"sto');
  await world.start();
  await domains.start({ domain: 'web' });
  await world.disk.fill();
  // More than there is room for in the block that the file has.
  for (let each = 0; each < 30; each++) {
    await domains.suspend({ domain: 'web' });
    await domains.resume({ domain: 'web' });
  }
  await domains.destroy({ domain: 'web' });
  const pauses = Array.from({ length: 30 }, () => ['suspended paused', 'resumed unpaused']).flat();
  const lines = ['defined added', 'started booted', ...pauses, 'stopped destroyed'];
  assert.deepEqual(linesOf(await life('web')), lines);
  await world.logged(/what happens to domains cannot be written down/);
  await world.disk.empty();
  await domains.start({ domain: 'web' });
  await world.logged(/what happens to domains is written down again/);
  await written('started', 2);
  await world.kill();
  await world.start();
  assert.deepEqual(linesOf(await life('web')), [...lines, 'started booted']);
  assert.equal(world.log.split('cannot be written down').length, 2, 'told once');
});

test('the page of a domain has it for a viewer, after a restart of the daemon, too', async () => {
  // What a browser is begun by lies on no small disk.
  const own = await World.open();
  after(() => own.close());
  const { domains } = own.client;
  await own.run(domainXml({ name: 'web' }));
  await domains.suspend({ domain: 'web' });
  await domains.resume({ domain: 'web' });
  await own.ctvirt('set', 'web', '--numproc', '99:99', '--save');
  await own.stop();
  await own.start();
  const chromium = await Chromium.open(own);
  try {
    const page = (await chromium.enter('viewer')).pages()[0] ?? assert.fail('no page is open');
    await page.goto(`${chromium.url}/domains/web/log`);
    await page.getByText('was defined').waitFor();
    const lines = page.locator('main .lines .what');
    assert.deepEqual(
      (await lines.allTextContents()).map((text) => text.replace(/asked for by .*/, '')),
      ['was changed: NUMPROC=99', 'goes on', 'was suspended', 'started', 'was defined'],
    );
    // What comes is there without a look.
    await domains.destroy({ domain: 'web' });
    await page.getByText('stopped: destroyed').waitFor();
    assert.deepEqual(await accessFaults(page, 'all'), []);
    await page.screenshot({ path: `${pictures}/domain-log.png` });
    await page.setViewportSize({ width: 390, height: 820 });
    assert.deepEqual(await accessFaults(page, 'looks'), []);
    await page.screenshot({ path: `${pictures}/domain-log-390.png` });
    assert.deepEqual(chromium.faults, []);
  } finally {
    await chromium.close();
  }
  await own.clear();
});
