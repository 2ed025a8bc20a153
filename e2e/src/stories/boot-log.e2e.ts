// What a container wrote to its console is kept, also of one that ended at once, and whoever starts it is shown it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
after(() => world.close());

const saying = (name: string, script: string) => domainXml({ name, program: ['/bin/sh', '-c', script] });
const logOf = async (domain: string, before = false): Promise<string> =>
  (await world.client.domains.consoleLog({ domain, ...(before && { before }) })).text;

test('an init that prints and ends: its words, how it ended, and those of the run before', async () => {
  await world.run(saying('brief', 'echo cannot find my disk; exit 3'));
  await world.waitForState('brief', 'shutoff (crashed)');
  assert.equal(await logOf('brief'), 'cannot find my disk\n');
  const { lastEnd } = await world.client.domains.info({ domain: 'brief' });
  assert.equal(lastEnd?.how, 'init ended with status 3');
  await world.logged(
    /domain 'brief' ended soon after its start \(init ended with status 3\): cannot find my disk/,
  );
  assert.match((await world.cli(['dominfo', 'brief'])).stdout, /^Last end: +init ended with status 3 \(2\d/m);
  await world.define(saying('brief', 'echo another try; exit 4'));
  const started = await world.cli(['start', 'brief', '--watch', '5']);
  assert.equal(started.status, 1);
  assert.match(started.stderr, /has ended again: init ended with status 4\n.*\nanother try/);
  const shown = await world.cli(['console', 'brief', '--log']);
  assert.deepEqual([shown.status, shown.stdout], [0, 'another try\n']);
  const earlier = await world.cli(['console', 'brief', '--log', '--before']);
  assert.deepEqual([earlier.status, earlier.stdout], [0, 'cannot find my disk\n']);
  const attached = await world.cli(['console', 'brief']);
  assert.match(attached.stderr, /is not running: `ctvirt console brief --log` shows what its last run wrote/);
});

test('one that goes on is shown nothing, and what it writes is read while it runs, daemon or no daemon', async () => {
  await world.define(saying('lasting', 'while :; do echo line $((n+=1)); sleep 0.1; done'));
  assert.equal((await world.cli(['start', 'lasting', '--watch', '1'])).status, 0);
  const seen = (text: string): number => Number(/line (\d+)\n$/.exec(text)?.[1]);
  const first = seen(await logOf('lasting'));
  await world.kill();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await world.start();
  assert.ok(seen(await logOf('lasting')) >= first + 4);
});

test('of much the last 64 KiB are kept, and no more than twice that lies on disk', async () => {
  await world.run(
    saying('loud', 'n=0; while [ $n -lt 12000 ]; do echo $((n+=1)) 0123456789012345; done; sleep infinity'),
  );
  const folder = `${world.root}/lib/consoles/${(await world.client.domains.summary({ domain: 'loud' })).uuid}`;
  await waitFor('all to be written', async () => /\n12000 /.test(await logOf('loud')));
  const { text, truncated } = await world.client.domains.consoleLog({ domain: 'loud' });
  assert.ok(truncated);
  assert.ok(text.length > 60_000 && text.length <= 65_536, String(text.length));
  const lines = text
    .split('\n')
    .slice(1, -1)
    .map((line) => Number(line.split(' ')[0]));
  // Where liblxc begins another file it writes some characters twice and loses others, of one read at most.
  const gaps = lines.flatMap((line, at) => (at === 0 || line === (lines[at - 1] ?? 0) + 1 ? [] : [line]));
  assert.ok(gaps.length <= 3, gaps.join());
  const bytes = readdirSync(folder).map((name) => statSync(`${folder}/${name}`).size);
  assert.ok(Math.max(...bytes) <= 65_536, bytes.join());
});

test('a reboot begins another run, an end by the daemon is told as such, and with the domain its log goes', async () => {
  const { uuid } = await world.client.domains.summary({ domain: 'lasting' });
  await world.client.domains.destroy({ domain: 'lasting' });
  assert.equal((await world.client.domains.info({ domain: 'lasting' })).lastEnd?.how, 'destroyed');
  await world.clear();
  assert.ok(!existsSync(`${world.root}/lib/consoles/${uuid}`));
  assert.deepEqual(readdirSync(`${world.root}/lib/consoles`), []);
});
