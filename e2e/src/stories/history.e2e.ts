// What domains used over time: the numbers are those that others tell at the same moment, limits that were met are marks, and all of it
// outlives the daemon.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import type { History } from '@ctvirt/api';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const limited = domainXml({
  name: '117',
  type: 'openvz',
  more: `<memory unit='MiB'>48</memory>
  <memtune><hard_limit unit='MiB'>48</hard_limit><min_guarantee unit='MiB'>16</min_guarantee></memtune>
  <metadata><ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>
    <ctvirt:parameter name='numproc' barrier='16' limit='16'/>
  </ctvirt:beancounters></metadata>`,
  interfaces: [`<interface type='ethernet'><ip address='192.168.7.117'/></interface>`],
  // With a limit its files are counted for every look, not for whoever asks.
  filesystems: [
    `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`,
  ],
});
const crowd = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 300 & done';

const ping = ['/bin/busybox', 'ping', '-q', '-A', '-c', '50', '-s', '1400'] as const;

const nowOf = async (domain: string) => (await world.client.usage.now()).find(({ name }) => name === domain);
function hoursAgo(hours: number): string {
  const at = new Date();
  at.setHours(at.getHours() - hours);
  return at.toISOString();
}
/** Memory of each minute that is known, and whether it was over. */
const minutesIn = ({ from, lastAt, stepSeconds, series }: History) =>
  new Map(
    (series['memory']?.average ?? []).flatMap((average, at) => {
      const begin = new Date(from);
      begin.setSeconds(at * stepSeconds);
      const end = new Date(begin);
      end.setSeconds(end.getSeconds() + stepSeconds);
      const isOver = lastAt !== null && end < new Date(lastAt);
      const most = series['memory']?.most[at] ?? null;
      return average === null ? [] : [[begin.toISOString(), { average, most, isOver }] as const];
    }),
  );
const files = async () => (await readdir(`${world.root}/lib/history`)).sort();
const nearly = (one: number | null | undefined, other: number | null | undefined): void =>
  assert.ok(
    Math.abs((one ?? Number.NaN) - (other ?? Number.NaN)) <= 1e-6 * (other ?? 0),
    `${one}, not ${other}`,
  );

test('history tells what usage and info tell, with limits that were met as marks, whoever ends meanwhile', async () => {
  await world.run(limited);
  await world.exec('117', '/bin/sh', '-c', crowd);
  await waitFor('the first look', async () => typeof (await nowOf('117'))?.at === 'string');
  await world.enclosure.output(...ping, '192.168.7.117');
  await world.shell('117', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done');
  await waitFor('two looks', async () => typeof (await nowOf('117'))?.now.cpu === 'number');
  await waitFor('what its root holds', async () => (await nowOf('117'))?.disk !== null);
  const [now, usage] = [await nowOf('117'), (await world.client.usage.list({ active: true }))[0]];
  const info = await world.client.domains.info({ domain: '117' });
  const told = await world.client.history.domain({ domain: '117' });
  assert.ok(now !== undefined && usage !== undefined);
  const last = (series: string) => told.series[series]?.last;
  // All four hold the same numbers.
  nearly(last('cpu'), now.now.cpu);
  nearly(usage.cpuShare, now.now.cpu);
  assert.ok((now.now.cpu ?? 0) > 0);
  assert.ok((now.now.received ?? 0) > (50 * 1400) / 15 && (now.now.sent ?? 0) > (50 * 1400) / 15);
  for (const one of [now.now.processes, usage.processes, info.processes])
    assert.equal(one, last('processes'));
  for (const one of [now.maxProcesses, usage.maxProcesses, info.maxProcesses]) assert.equal(one, 16);
  assert.deepEqual(now.disk, usage.disk);
  assert.deepEqual(now.disk, info.disk);
  assert.equal(last('memory'), now.now.memory);
  assert.ok(
    Math.abs((info.usedMemoryKiB ?? 0) * 1024 - (now.now.memory ?? 0)) < 2 * 2 ** 20,
    'as much as a shell',
  );
  const [promised] = await world.client.guarantees.delivered();
  assert.equal(last('promisedMemory'), promised?.memory.allocationBytes);
  assert.equal(now.now.promisedMemory, 16 * 2 ** 20);
  // The limit that was met: a mark, in the domain's history and the host's.
  await waitFor('the refusal to be told', async () => ((await nowOf('117'))?.refusedInDay ?? 0) > 0);
  const [hit] = (await world.client.history.domain({ domain: '117' })).walls;
  const { rows } = await world.client.beancounters.show({ domain: '117' });
  assert.deepEqual([hit?.domain, hit?.resource], ['117', 'numproc']);
  assert.equal(hit?.failcnt, rows.find(({ resource }) => resource === 'numproc')?.failcnt);
  assert.equal((await nowOf('117'))?.lastWall?.at, hit?.at);
  const host = await world.client.history.host({});
  assert.deepEqual(host.walls, [hit]);
  nearly(
    host.series['memory']?.average.findLast((value) => value !== null),
    last('memory'),
  );

  const { stdout } = await world.cli(['history', '117', '--last', '10m']);
  assert.match(
    stdout,
    /^117 \([-0-9a-f]{36}\)\n.* to .*, each bar \d+s\nNothing is known of the time before [-\d]+ [:\d]+\.\n\n Series +Now +Average +Most +Over time\n-+\n/,
  );
  assert.match(stdout, / memory .* MiB .*[▁▂▃▄▅▆▇█]\n/);
  assert.match(stdout, /\n walls +\d+ +×\n/);
  assert.match(
    stdout,
    /\n\n Limit met +Resource +Refused +Since start\n-+\n [-\d]+ [:\d]+ +numproc +(\d+) +\1\n/,
  );

  // What this kernel does not count is told by nobody, and why stands there.
  const { uncounted } = await world.client.host.facts();
  for (const [name, why] of Object.entries(uncounted)) {
    assert.deepEqual([told.series[name]?.last, told.series[name]?.why], [null, why]);
    assert.ok(stdout.includes(`: ${why}\n`), stdout);
    assert.doesNotMatch(stdout, new RegExp(`^ ${name} `, 'm'));
  }
  for (const [name, { why }] of Object.entries(told.series))
    assert.ok(why === null || name in uncounted, `${name}: ${why}`);

  // A daemon that is ended in order writes down what it has; the next one, by whatever name, has it and goes on.
  const earlier = minutesIn(await world.client.history.domain({ domain: '117', from: hoursAgo(5) }));
  await world.stop();
  await world.start();
  const { uuid } = await world.client.domains.summary({ domain: '117' });
  assert.deepEqual(await files(), [`${uuid}.ring`, 'host.ring']);
  const minutes = await world.client.history.domain({
    domain: '117',
    from: hoursAgo(5),
  });
  assert.equal(minutes.stepSeconds, 60);
  // By time: there may be minutes more, the oldest may have gone, and the last one had begun.
  const kept = minutesIn(minutes);
  assert.ok(earlier.size > 0);
  for (const [at, { average, most, isOver }] of earlier) {
    const now = kept.get(at);
    assert.ok((now?.most ?? 0) >= (most ?? Number.NaN), `${at}: at most ${now?.most}, and ${most} before`);
    if (isOver) assert.equal(now?.average, average, at);
  }
  await world.kill();
  await world.start();
  await world.client.domains.destroy({ domain: '117' });
  await world.client.domains.rename({ domain: '117', body: { name: '118' } });
  const renamed = await world.client.history.domain({ domain: '118' });
  assert.deepEqual(renamed.walls, [{ ...hit, domain: '118' }]);
  assert.equal(
    renamed.series['memory']?.average.some((value) => value !== null),
    true,
  );
  await world.erase('118');
  assert.deepEqual(await files(), ['host.ring']);
});
