// Domains start with the host in their order, wait for each other's delays, and are shut down the other way round.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

/** Ends when it is asked to, by busybox's signal, somewhat later. */
const obeying = ['/bin/sh', '-c', "trap 'sleep 0.3; exit 0' USR2; while :; do sleep 300 & wait; done"];
const marker = (): string => `${world.root}/run/autostarted`;
const startOf = async (domain: string): Promise<number> =>
  Date.parse((await world.client.domains.info({ domain })).startedAt ?? assert.fail(`${domain} is off`));

/** As the first daemon after a boot of the host would find it. */
async function boot(): Promise<void> {
  await world.stop();
  rmSync(marker(), { force: true });
  await world.start();
}
const isOver = (): boolean => existsSync(marker()) && !readFileSync(marker(), 'utf8').includes('\n');

async function ordered(): Promise<void> {
  for (const name of ['last', 'first', 'second']) await world.define(domainXml({ name, program: obeying }));
  const marked = await world.cli(['autostart', 'first', '--order', '1', '--delay', '2']);
  assert.deepEqual(
    [marked.status, marked.stdout],
    [0, "Domain 'first' marked as autostarted: order 1, a delay of 2 s after it\n"],
  );
  assert.equal((await world.cli(['autostart', 'last'])).status, 0);
  assert.equal((await world.cli(['set', 'second', '--order', '20'])).status, 0);
  assert.equal((await world.cli(['autostart', 'second'])).status, 0);
}

test('the lowest order starts first, the others after its delay; shut down, it is the last', async () => {
  await ordered();
  const { order, delaySeconds } = await world.client.domains.summary({ domain: 'first' });
  assert.deepEqual([order, delaySeconds], [1, 2]);
  assert.match((await world.cli(['dominfo', 'first'])).stdout, /^Start order: +1\nStart delay: +2 s\n/m);
  await boot();
  await waitFor('all to be started', isOver);
  const [first, second, last] = await Promise.all(['first', 'second', 'last'].map(startOf));
  assert.ok(first !== undefined && second !== undefined && last !== undefined);
  assert.ok(second - first >= 1900, `second came ${second - first} ms after first`);
  assert.ok(second <= last, `last came ${second - last} ms before second`);
  const ended: string[] = [];
  const stop = new AbortController();
  const events = await world.client.events.watch({}, { signal: stop.signal });
  const reading = (async () => {
    for await (const event of events) if (event.event === 'stopped') ended.push(event.domain.name);
  })().catch(() => undefined);
  const down = await world.cli(['shutdown', '--all', '--timeout', '10']);
  assert.deepEqual([down.status, down.stderr], [0, '']);
  await waitFor('all ends to be told', () => ended.length === 3);
  stop.abort();
  await reading;
  assert.deepEqual(ended, ['last', 'second', 'first']);
});

test('a daemon that is killed amid a delay: the next one goes on, and starts nobody twice', async () => {
  await ordered();
  await boot();
  await waitFor('the first to run', async () => /running/.test(await world.state('first')));
  await waitFor('it to be noted', () => readFileSync(marker(), 'utf8').split('\n').length > 2);
  await world.kill();
  await world.start();
  await world.client.domains.destroy({ domain: 'first' });
  await waitFor('the others to run', isOver);
  assert.deepEqual(await Promise.all(['first', 'second', 'last'].map((name) => world.state(name))), [
    'shutoff (destroyed)',
    'running (booted)',
    'running (booted)',
  ]);
});

test('an order is taken away again, and a word that is none is refused', async () => {
  await world.define(domainXml({ name: 'free' }));
  await world.cli(['set', 'free', '--order', '3', '--delay', '4']);
  await world.cli(['set', 'free', '--order', 'none']);
  const { order, delaySeconds, autostart } = await world.client.domains.summary({ domain: 'free' });
  assert.deepEqual([order, delaySeconds, autostart], [undefined, 4, false]);
  const wrong = await world.cli(['set', 'free', '--order', 'early']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /^error: set: --order takes a number, or none\n/);
  const long = await world.cli(['autostart', 'free', '--delay', '99999999']);
  assert.match(long.stderr, /delaySeconds: must be <= 86400/);
});
