// What a container makes of its own files does not decide what the host does with them: links and dots stay inside.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { refused, World } from '../world/world.js';

let world: World;
/** On the host, for a container to aim at; what shall not be seen or touched. */
let prize: string;
before(async () => {
  world = await World.open();
  prize = `${world.host}/prize`;
  await mkdir(prize);
  await writeFile(`${prize}/secret`, 'secret');
  await mkdir(`${world.host}/data`);
});
afterEach(async () => {
  assert.deepEqual(await readdir(prize), ['secret'], 'something was made on the host');
  await world.clear();
});
after(() => world.close());

const folder = (target: string) =>
  `<filesystem><source dir='${world.host}/data'/><target dir='${target}'/></filesystem>`;
const memory = (target: string) =>
  `<filesystem type='ram'><source usage='1024'/><target dir='${target}'/></filesystem>`;
const view = (source: string) =>
  `<filesystem type='bind'><source dir='${source}'/><target dir='/mnt'/></filesystem>`;

/** A domain whose files the container prepared, with these file systems from its next start on. */
async function prepare(shell: string, ...filesystems: string[]): Promise<void> {
  await world.run(domainXml({ name: 'sly' }));
  await world.shell('sly', shell);
  await world.client.domains.destroy({ domain: 'sly' });
  await world.define(domainXml({ name: 'sly', filesystems: [templateRoot, ...filesystems] }));
}
const start = () => world.client.domains.start({ domain: 'sly' });
const mounted = async () => (await world.shell('sly', 'cut -d" " -f2 /proc/mounts')).split('\n');

for (const [title, filesystem] of [
  ['a folder', folder],
  ['memory', memory],
] as const)
  test(`${title} mounted through a link is mounted where the container sees it`, async () => {
    await prepare(`mkdir -p ${prize}; ln -s ${prize} /evil`, filesystem('/evil/made'));
    await start();
    assert.ok((await mounted()).includes(`${prize}/made`));
  });

test('a target through a link that leads to nothing of the container is refused', async () => {
  await prepare(`ln -s ${prize} /evil`, folder('/evil/made'));
  const error = await refused('invalid', start());
  assert.match(error.message, /\/evil/);
});

test('a second view of a link is one of the container’s own folder', async () => {
  await prepare(`mkdir -p ${prize}; touch ${prize}/own; ln -s ${prize} /evil`, view('/evil'));
  await start();
  assert.equal(await world.shell('sly', 'ls /mnt'), 'own');
});

test('dots lead no further up than the container’s root', async () => {
  const up = '/..'.repeat(12);
  await prepare(`mkdir -p ${prize}; touch ${prize}/own`, folder(`${up}${prize}/made`), view(`${up}${prize}`));
  await start();
  assert.equal(await world.shell('sly', 'ls /mnt'), 'made\nown');
  assert.ok(!existsSync(`${prize}/made`));
});

test('a target that is no absolute path is refused', async () => {
  await refused(
    'invalid',
    world.define(domainXml({ name: 'sly', filesystems: [templateRoot, folder('data')] })),
  );
});

test('links in the container’s /etc do not lead its host name out', async () => {
  await prepare(`rm /etc/hostname; ln -s ${prize}/secret /etc/hostname`);
  await start();
  assert.equal(await readFile(`${prize}/secret`, 'utf8'), 'secret');
});

test('no mount tells a container where the daemon keeps it', async () => {
  const limited = templateRoot.replace(
    '</filesystem>',
    "<space_hard_limit unit='MiB'>32</space_hard_limit></filesystem>",
  );
  for (const [name, root] of [
    ['plain', templateRoot],
    ['limited', limited],
  ] as const) {
    await world.run(domainXml({ name, filesystems: [root] }));
    for (const list of ['mounts', 'mountinfo']) {
      const seen = await world.shell(name, `cat /proc/self/${list}`);
      assert.match(seen, / overlay /);
      assert.ok(!seen.includes(world.root), seen);
    }
  }
});
