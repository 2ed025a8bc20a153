// A template that is made anew under containers: those that there are keep the old one, whatever runs, ends, starts or is killed.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
  execFileSync('cp', ['-a', `${world.root}/lib/templates/${busybox}/rootfs`, tree()]);
  packed('old');
  await world.client.templates.import({ template: 'sys', body: { source: `${world.host}/sys.tar` } });
});
afterEach(() => world.clear());
after(() => world.close());

const tree = (): string => `${world.host}/tree`;

/** What the template is made of next: nobody looks into its folder `only-VERSION` before it is another one's. */
function packed(version: string): void {
  const only = `${tree()}/only`;
  execFileSync('rm', ['-rf', only]);
  execFileSync('mkdir', ['-p', `${only}/${version}`]);
  for (const file of ['read', 'changed', 'gone']) writeFileSync(`${only}/${version}/${file}`, `${version}\n`);
  execFileSync('tar', ['-C', tree(), '--numeric-owner', '-cf', `${world.host}/sys.tar`, '.']);
}

const root = `<filesystem type='template'><source name='sys'/><target dir='/'/></filesystem>`;
const xmlOf = (name: string): string => domainXml({ name, filesystems: [root] });
const initOf = async (domain: string) => (await world.client.domains.info({ domain })).initPid;
const onWhich = async (domain: string) => (await world.client.domains.summary({ domain })).template;

async function ctvirt(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await world.cli(words);
  assert.equal(status, 0, `${words.join(' ')}: ${stderr}`);
  return `${stdout}${stderr}`;
}

test('containers go on above the old one: what they read, change and remove of it, and after a restart of all', async () => {
  await world.run(xmlOf('runs'));
  await world.define(xmlOf('off'));
  const init = await initOf('runs');
  packed('new');
  assert.match(
    await ctvirt('template', 'update', 'sys'),
    /^Template 'sys' made: .*\n2 on 'sys~1' as before: `ctvirt template users sys` lists them\n$/,
  );
  await world.run(xmlOf('fresh'));
  assert.match(await ctvirt('template', 'users', 'sys'), /\n fresh +sys\n off +sys~1\n runs +sys~1\n/);
  // The kernel has not seen these names through the mount before: it looks in the folder that was renamed below.
  assert.equal(await world.shell('runs', 'ls /only; cat /only/old/read'), 'old\nold');
  await world.shell(
    'runs',
    'echo own >> /only/old/changed; rm /only/old/gone; mv /only/old/read /only/old/moved',
  );
  const all = 'cd /only/*; for file in *; do echo $file $(cat $file); done';
  const mine = 'changed old own\nmoved old';
  assert.equal(await world.shell('runs', all), mine);
  assert.equal(await world.shell('fresh', all), 'changed new\ngone new\nread new');
  await world.kill();
  await world.start();
  assert.deepEqual([await initOf('runs'), await world.shell('runs', all)], [init, mine]);
  assert.match(await world.client.domains.xml({ domain: 'runs' }), /<source name='sys~1'\/>/);
  await world.client.domains.destroy({ domain: 'runs' });
  for (const domain of ['runs', 'off']) await world.client.domains.start({ domain });
  assert.equal(await world.shell('runs', all), mine);
  assert.equal(await world.shell('off', all), 'changed old\ngone old\nread old');
  assert.equal((await world.cli(['template', 'remove', 'sys~1'])).status, 5);
  await world.erase('runs', 'off');
  assert.match(
    await ctvirt('template', 'list'),
    /nobody uses 'sys~1' any more: `ctvirt template remove sys~1`/,
  );
  await ctvirt('template', 'remove', 'sys~1');
  await world.erase('fresh');
});

test('a daemon that is killed while it makes one anew leaves all on the one that they were made on', async () => {
  packed('first');
  await ctvirt('template', 'update', 'sys');
  await world.run(xmlOf('runs'));
  await world.define(xmlOf('off'));
  packed('second');
  const begun = performance.now();
  await ctvirt('template', 'update', 'sys', '--as', 'timed');
  const whole = performance.now() - begun;
  await ctvirt('template', 'remove', 'timed');
  for (const part of [0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2]) {
    const update = world.cli(['template', 'update', 'sys']);
    await new Promise((resolve) => setTimeout(resolve, whole * part));
    await world.kill();
    await update;
    await world.start();
    const on = await onWhich('runs');
    assert.deepEqual([await onWhich('off'), await world.shell('runs', 'ls /only')], [on, 'first']);
    await world.client.domains.start({ domain: 'off' });
    assert.equal(await world.shell('off', 'ls /only'), 'first');
    await world.client.domains.destroy({ domain: 'off' });
    await world.run(xmlOf('fresh'));
    assert.equal(await world.shell('fresh', 'ls /only'), on === 'sys' ? 'first' : 'second');
    await world.erase('fresh');
    assert.deepEqual((await world.client.check.list()).stray, []);
  }
  await world.erase('runs', 'off');
  for (const { name } of await world.client.templates.list())
    if (name !== busybox) await ctvirt('template', 'remove', name);
});
