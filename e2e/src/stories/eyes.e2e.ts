// What a host's administrator sees of all containers at once, and how he waits for one.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const ctvirt = (...words: string[]): Promise<string> => world.ctvirt(...words);

test('list shows who uses the host, the busiest first', async () => {
  await world.run(
    domainXml({
      name: 'idle',
      interfaces: ["<interface type='ethernet'><ip address='10.77.9.9'/></interface>"],
    }),
  );
  await world.run(domainXml({ name: 'busy', program: ['/bin/sh', '-c', 'while :; do :; done'] }));
  await world.define(domainXml({ name: 'off' }));
  // What it has had since its start.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const rows = (await ctvirt('list', '-H', '-o', 'name,ip,ram,cpu,procs,state', '-s', 'cpu'))
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  assert.deepEqual(
    rows.map(([name, ip]) => [name, ip]),
    [
      ['busy', '-'],
      ['idle', '10.77.9.9'],
    ],
  );
  // However busy the host is besides.
  assert.ok(Number(rows[0]?.[3]) > 5 * Number(rows[1]?.[3]), `${rows}`);
  assert.ok(Number(rows[0]?.[2]) > 100_000, `${rows}`);
  assert.equal(rows[0]?.[4], '1');
  const all = await ctvirt('list', '--all', '--sort=-name');
  assert.deepEqual(
    [...all.matchAll(/^ (busy|idle|off)\b/gm)].map(([, name]) => name),
    ['off', 'idle', 'busy'],
  );
  const json: { name: string; processes: number | null }[] = JSON.parse(
    await ctvirt('list', '--all', '-o', 'name', '--json'),
  );
  assert.deepEqual(json.map(({ name, processes }) => [name, processes]).sort(), [
    ['busy', 1],
    ['idle', 1],
    ['off', null],
  ]);
  assert.equal((await world.cli(['list', '-o', 'nosuch'])).status, 2);
});

test('ps tells whose a process of the host is, by both of its numbers', async () => {
  await world.run(domainXml({ name: 'one' }));
  await world.run(domainXml({ name: 'two' }));
  const session = await world.client.domains.exec({
    domain: 'two',
    open: { argv: ['/bin/sleep', '4711'], user: 'nobody' },
  });
  const processes = () => world.client.usage.processes({});
  // A program that just begins has for a moment words of the one before.
  await waitFor('the program', async () => (await processes()).some(({ command }) => command[1] === '4711'));
  const found = await processes();
  assert.deepEqual(found.map(({ domain, command }) => [domain, command.join(' ')]).sort(), [
    ['one', '/bin/sleep infinity'],
    ['two', '/bin/sleep 4711'],
    ['two', '/bin/sleep infinity'],
  ]);
  const guest = found.find(({ command }) => command.includes('4711')) ?? assert.fail();
  assert.equal(String(guest.uidInside), await world.shell('two', 'id -u nobody'));
  assert.match(readFileSync(`/proc/${guest.pid}/cmdline`, 'latin1'), /sleep/);
  const { initPid } = await world.client.domains.info({ domain: 'one' });
  const [init] = await world.client.usage.processes({ pid: initPid ?? 0 });
  assert.deepEqual([init?.domain, init?.pidInside], ['one', 1]);
  assert.match(await ctvirt('ps', '--pid', String(guest.pid)), / two +\d+ .*\/bin\/sleep 4711/);
  assert.doesNotMatch(await ctvirt('ps', 'one'), /4711/);
  await refused('not-found', world.client.usage.processes({ pid: process.pid }));
  await refused('not-found', world.client.usage.processes({ domain: 'one', pid: guest.pid }));
  session.kill();
  await session.exited;
});

test('wait comes back when a domain is what it is waited for', async () => {
  await world.define(domainXml({ name: 'slow', program: [] }));
  await ctvirt('wait', 'slow', '--for', 'stopped');
  const late = await world.cli(['wait', 'slow', '--timeout', '1']);
  assert.equal(late.status, 13);
  assert.match(late.stderr, /not running after 1 s/);
  const waited = ctvirt('wait', 'slow', '--for', 'booted');
  await world.client.domains.start({ domain: 'slow' });
  assert.match(await waited, /'slow' is booted/);
  const ended = ctvirt('wait', 'slow', '--for', 'stopped');
  await world.client.domains.destroy({ domain: 'slow' });
  await ended;
  const gone = world.cli(['wait', 'slow']);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await world.client.domains.undefine({ domain: 'slow', storage: true });
  assert.equal((await gone).status, 3);
});

test('enter is a login shell of the user that is named, exec takes a line of one', async () => {
  await world.run(domainXml({ name: 'web' }));
  const { status, stdout, stderr } = await world.cli(['enter', 'web'], {
    input: 'id -un; pwd; shopt -q login_shell 2>/dev/null; echo "$0"; exit 3\n',
  });
  assert.equal(status, 3, stderr);
  assert.match(stdout, /^root\n\/root\n/);
  await world.shell('web', 'echo kim:x:1000:100::/tmp:/none >> /etc/passwd');
  const other = await world.cli(['enter', 'web', '--user', 'kim'], { input: 'id -u; pwd\n' });
  assert.match(other.stdout, /^1000\n\/tmp\n/, other.stderr);
  await world.shell('web', 'echo more:x:77:kim,root >> /etc/group');
  const groups = await ctvirt('exec', '--user', 'root', 'web', 'id -G');
  assert.match(groups, /^0 (.* )?77\n$/);
  assert.equal(await ctvirt('exec', 'web', 'id -G'), groups, 'root is root, named or not');
  assert.equal(await ctvirt('exec', 'web', 'cd /etc; ls | grep -c "^passwd$"'), '1\n');
  const none = await world.cli(['exec', 'web', 'no-such-program']);
  assert.deepEqual(
    [none.status, none.stderr],
    [127, "ctvirt: cannot run 'no-such-program': No such file or directory\n"],
  );
});
