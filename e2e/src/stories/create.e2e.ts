// A customer's container in one line: made of a template without XML, changed in words while it runs, with others at a time.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

/** Runs ctvirt, which has to end well. */
async function ctvirt(line: string): Promise<string> {
  const { status, stdout, stderr } = await world.cli(line.split(' '));
  assert.equal(status, 0, `${line}: ${stderr}`);
  return stdout;
}

test('one line makes a domain that has all that was said', async () => {
  const shared = `${world.host}/www`;
  await mkdir(shared, { mode: 0o755 });
  await writeFile(`${shared}/index.html`, 'hello\n');
  const line =
    `create web --template ${busybox} --ip 10.77.3.5 --ip fd77:3::5 --hostname www.example.org ` +
    `--nameserver 10.77.0.1 --searchdomain example.org --ram 64M --disk 64M --numproc 50 --mount ${shared}:/srv/www:ro`;
  assert.match(await ctvirt(`${line} --dry-run`), /^<domain type='lxc'>/);
  assert.equal((await world.cli(['domstate', 'web'])).status, 3, 'a dry run makes nothing');
  assert.equal(await ctvirt(`${line} --autostart --start`), "Domain 'web' created and started\n");
  assert.match(await world.shell('web', 'ip addr show eth0'), /inet 10\.77\.3\.5[\s\S]*inet6 fd77:3::5/);
  assert.equal(await world.shell('web', 'cat /etc/hostname /srv/www/index.html'), 'www.example.org\nhello');
  assert.match(
    await world.shell('web', 'echo x > /srv/www/y || true; cat /etc/resolv.conf'),
    /nameserver 10\.77\.0\.1/,
  );
  const { maxProcesses } = await world.client.domains.info({ domain: 'web' });
  assert.equal(maxProcesses, 50);
  const taken = await world.cli(line.split(' '));
  assert.deepEqual([taken.status, taken.stderr], [4, "error: domain 'web' is already defined\n"]);
  await ctvirt('destroy web');
  await ctvirt('undefine web');
  const kept = await world.cli(line.split(' '));
  assert.equal(kept.status, 0, kept.stderr);
  assert.match(kept.stderr, /its root is new: that of an earlier domain 'web'/);
  const [root] = await world.client.roots.list();
  await ctvirt(`root erase ${root?.name ?? ''}`);
  await ctvirt('undefine web --storage');
});

test('what is there is changed in words, the running one and the next', async () => {
  await ctvirt(`create web --template ${busybox} --ip 10.77.3.5 --start`);
  await ctvirt('set web --ipadd 10.77.3.6 --ipadd fd77:3::6 --ram 48M --save');
  // This kernel may be without what keeps a rate.
  await ctvirt('set web --rate 8mbit --config');
  const addresses = () => world.shell('web', 'ip addr show eth0');
  assert.match(await addresses(), /10\.77\.3\.5[\s\S]*10\.77\.3\.6[\s\S]*fd77:3::6/);
  await ctvirt('set web --ipdel 10.77.3.5 --live');
  assert.doesNotMatch(await addresses(), /10\.77\.3\.5/);
  const stored = await world.client.domains.xml({ domain: 'web', inactive: true });
  for (const part of ["'10.77.3.5'", "'10.77.3.6'", "average='1000'", 'fd77:3::6'])
    assert.ok(stored.includes(part), part);
  const refused = await world.cli(['set', 'web', '--mount-add', '/srv:/mnt', '--ipdel', 'all', '--save']);
  assert.equal(refused.status, 9, 'a directory waits for the next start');
  assert.match(await addresses(), /10\.77\.3\.6/, 'all of it or nothing');
});

test('many are made, started, and ended in one call each', async () => {
  const names = Array.from({ length: 5 }, (_, at) => `many-${at}`);
  const begun = performance.now();
  for (const name of names) await ctvirt(`create ${name} --template ${busybox}`);
  const made = performance.now();
  await ctvirt('start --all');
  const started = performance.now();
  console.log(`# 5 made in ${Math.round(made - begun)} ms, started in ${Math.round(started - made)} ms`);
  for (const name of names) assert.equal(await world.state(name), 'running (booted)');
  const { status, stdout, stderr } = await world.cli(['destroy', 'many-0', 'nosuch', 'many-1']);
  assert.deepEqual(
    [status, stdout, stderr],
    [
      3,
      "Domain 'many-0' destroyed\nDomain 'many-1' destroyed\n",
      "error: no domain has the name, UUID or id 'nosuch'\n",
    ],
  );
  assert.equal((await ctvirt('destroy --all')).trim().split('\n').length, 3);
});
