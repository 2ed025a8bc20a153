// Parameters by OpenVZ's names: from the profile, changed while the container runs, stored, and there after restarts.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const limited = (name: string) => domainXml({ name, type: 'openvz', more: '<profile>vps.basic</profile>' });

/** The limit on processes in the container's own group. */
async function pidsMax(domain: string): Promise<string> {
  const { initPid } = await world.client.domains.info({ domain });
  const groups = await readFile(`/proc/${initPid}/cgroup`, 'utf8');
  const [, path = ''] = /^\d+:pids:(.*)$/m.exec(groups) ?? /^0::(.*)$/m.exec(groups) ?? [];
  const folder = /^\d+:pids:/m.test(groups) ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup';
  return (await readFile(`${folder}${path}/pids.max`, 'utf8')).trim();
}
const numproc = async (domain: string, inactive = false) =>
  (await world.client.domains.parameters({ domain, inactive })).find(({ key }) => key === 'NUMPROC')?.value;
const set = (
  domain: string,
  values: Record<string, string>,
  where: { live?: boolean; stored?: boolean } = {},
) => world.client.domains.setParameters({ domain, body: { values, ...where } });

test('what runs is changed live, and what is off is told how', async () => {
  await world.define(limited('309'));
  const { message } = await refused(
    'wrong-state',
    set('309', { numproc: '50' }, { live: true, stored: true }),
  );
  assert.match(message, /'309' is not running: .*--config/);
  assert.equal(await numproc('309', true), '240');
});

test('a program that has no room is refused with the limit', async () => {
  await world.run(limited('308'));
  await set('308', { numproc: '1' });
  const { message } = await refused('over-quota', world.exec('308', '/bin/true'));
  assert.match(message, /'308' has \d+ processes and may have 1: /);
  await set('308', { numproc: '20' });
  assert.equal((await world.exec('308', '/bin/true')).status, 0);
});

test('profile, live change, stored change, restart of container and daemon: the same values', async () => {
  await world.run(limited('310'));
  assert.deepEqual([await numproc('310'), await pidsMax('310')], ['240', '240']);

  await set('310', { numproc: '50' });
  assert.deepEqual([await numproc('310'), await pidsMax('310')], ['50', '50']);
  assert.equal(await numproc('310', true), '240', 'a change of the running container only');

  await set('310', { numproc: '60:70' }, { live: true, stored: true });
  const live = await world.client.domains.xml({ domain: '310' });
  await world.stop();
  await world.start();
  assert.equal(await world.client.domains.xml({ domain: '310' }), live);
  assert.deepEqual(
    [await numproc('310'), await numproc('310', true), await pidsMax('310')],
    ['60:70', '60:70', '70'],
  );
  assert.match(await readFile(`${world.root}/lib/domains/310/310.conf`, 'utf8'), /^NUMPROC="60:70"$/m);

  await world.client.domains.destroy({ domain: '310' });
  await set('310', { numproc: '80' });
  await world.client.domains.start({ domain: '310' });
  assert.deepEqual([await numproc('310'), await pidsMax('310')], ['80', '80']);
});

test('the document overrides its profile, a live change the document, and what is stored comes back', async () => {
  const numproc100 =
    "<metadata><c:beancounters xmlns:c='urn:ctvirt:beancounters:1'><c:parameter name='numproc' barrier='100' limit='100'/></c:beancounters></metadata>";
  const more = `<profile>vps.basic</profile>${numproc100}`;
  await world.run(domainXml({ name: '316', type: 'openvz', more }));
  const seen = async () => [await numproc('316'), await numproc('316', true), await pidsMax('316')];
  assert.deepEqual(await seen(), ['100', '100', '100']);
  const numpty = async () =>
    (await world.client.domains.parameters({ domain: '316' })).find(({ key }) => key === 'NUMPTY')?.value;
  assert.equal(await numpty(), '16', "the profile's own");

  await set('316', { numproc: '50' }, { live: true, stored: true });
  await world.client.domains.destroy({ domain: '316' });
  await world.kill();
  await world.start();
  await world.client.domains.start({ domain: '316' });
  assert.deepEqual(await seen(), ['50', '50', '50']);
  assert.equal(await numpty(), '16');
});

test('a limit set while it runs is one the container meets', async () => {
  await world.run(limited('311'));
  await set('311', { numproc: '8' });
  const { stderr } = await world.exec(
    '311',
    '/bin/sh',
    '-c',
    'for i in 1 2 3 4 5 6 7 8 9; do sleep 30 & done',
  );
  assert.match(stderr, /can't fork/);
});

test('numsiginfo: queued signals of all processes together end at the limit', async () => {
  await world.run(limited('313'));
  const { initPid } = await world.client.domains.info({ domain: '313' });
  const queue = async () =>
    /^SigQ:\t\d+\/(\d+)$/m.exec(await readFile(`/proc/${initPid}/status`, 'utf8'))?.[1];
  assert.equal(await queue(), '256');
});

test('what cannot be leaves everything as it was', async () => {
  await world.run(limited('312'));
  await refused('invalid', set('312', { numproc: 'many' }));
  await refused('invalid', set('312', { nonsense: '1' }));
  await refused('unsupported', set('312', { numproc: '50', numpty: '3' }, { live: true, stored: true }));
  assert.deepEqual(
    [await numproc('312'), await numproc('312', true), await pidsMax('312')],
    ['240', '240', '240'],
  );
  await world.client.domains.destroy({ domain: '312' });
  await refused('wrong-state', set('312', { numproc: '50' }, { live: true }));
  assert.equal(await numproc('312'), '240');
});

test('what the kernel refuses changes neither the container nor its stored document', async () => {
  await world.run(limited('314'));
  const seen = async () => [
    await numproc('314'),
    await numproc('314', true),
    await pidsMax('314'),
    await world.client.domains.xml({ domain: '314' }),
    await world.client.domains.xml({ domain: '314', inactive: true }),
  ];
  const before = await seen();
  const absent = String(cpus().length + 4000);
  const change = { numproc: '50', cpumask: absent };
  const error = await refused('unsupported', set('314', change, { live: true, stored: true }));
  const online = (await readFile('/sys/devices/system/cpu/online', 'utf8')).trim();
  assert.match(error.message, new RegExp(`does not take ${absent} for cpuset\\.cpus`));
  assert.ok(error.message.endsWith(`this host has the processors ${online}`), error.message);
  assert.deepEqual(await seen(), before);
  await set('314', { cpumask: absent }, { stored: true });
  await world.client.domains.destroy({ domain: '314' });
  await assert.rejects(world.client.domains.start({ domain: '314' }), {
    message: new RegExp(`this host has the processors ${online}$`),
  });
});

test('a change that a killed daemon had begun is taken back by the next one', async () => {
  await world.run(limited('315'));
  const document = await readFile(`${world.root}/run/domains/315/live.xml`, 'utf8');
  await set('315', { numproc: '50' });
  assert.equal(await pidsMax('315'), '50');
  await world.kill();
  // As if it had come no further than the kernel.
  const folder = `${world.root}/run/domains/315`;
  await rename(`${folder}/live.xml`, `${folder}/live.xml.proposed`);
  await writeFile(`${folder}/live.xml`, document);

  await world.start();
  assert.deepEqual([await numproc('315'), await pidsMax('315')], ['240', '240']);
  assert.match(world.log, /domain '315': took back a change that was interrupted/);
  await set('315', { numproc: '60' });
  assert.equal(await pidsMax('315'), '60');
});
