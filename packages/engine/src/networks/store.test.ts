// What a daemon finds of networks on disk after one that was killed: whole ones and nothing else, and what was due.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startDue } from '../build/networks.js';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { MemoryNetworkHost } from '../drivers/memory/networks.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';
import { DueNetworks } from './due.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvd'));
chmodSync(root, 0o755);
after(() => rmSync(root, { recursive: true }));

async function daemon(name: string, host = new MemoryNetworkHost()) {
  const layout = layoutOf(join(root, name));
  const driver = new MemoryDriver({ documentPath: documentPathIn(layout) });
  const log: string[] = [];
  const { engine, parts } = await openMemoryEngine(
    layout,
    driver,
    (level, message) => void log.push(`${level}: ${message}`),
    host,
  );
  return { networks: engine.networks, parts, host, layout, log };
}

const lan =
  "<network><name>lan</name><forward mode='nat'/><ip address='10.0.1.1' prefix='24'><dhcp><range start='10.0.1.2' end='10.0.1.9'/></dhcp></ip></network>";

test('what was half-made or half-removed goes, whole networks stay', options, async () => {
  const { networks, layout } = await daemon('half');
  await networks.define(lan);
  for (const name of ['.new-abc', '.gone-abc']) {
    mkdirSync(join(layout.networks, name));
    writeFileSync(join(layout.networks, name, 'network.xml'), 'half');
  }
  const unfinished = join(layout.networks, 'lan', 'record.json.0a1b2c3d.new');
  writeFileSync(unfinished, 'half');
  const foreign = join(layout.networks, 'lan', 'notes');
  writeFileSync(foreign, 'mine');
  const next = await daemon('half');
  assert.deepEqual(readdirSync(layout.networks), ['lan']);
  assert.deepEqual([existsSync(unfinished), existsSync(foreign)], [false, true]);
  assert.equal(next.networks.get('lan').bridge, 'virbr0');
  assert.equal(next.log.filter((line) => line.includes('interrupted')).length, 3);
});

test('a start that was interrupted is finished, a stop undone, whatever was written', options, async () => {
  const first = await daemon('interrupted');
  await first.networks.define(lan);
  await first.networks.start('lan');
  // As a start that wrote its document down and asked for nothing yet, or a stop that has asked for all of it:
  first.host.running.clear();
  const second = await daemon('interrupted', first.host);
  assert.equal(second.networks.get('lan').active, true);
  assert.equal(second.host.running.get('lan')?.plan.bridge?.name, 'virbr0');
  await second.networks.stop('lan');
  // As one that was killed while it wrote its document:
  const folder = join(first.layout.networkRuntime, 'lan');
  mkdirSync(folder);
  writeFileSync(join(folder, 'live.xml.0a1b2c3d.new'), '<network>');
  const third = await daemon('interrupted', first.host);
  assert.deepEqual([third.networks.get('lan').active, readdirSync(folder)], [false, []]);
  assert.deepEqual([...third.host.running], []);
});

test('a damaged file hides no other network, and is told', options, async () => {
  const { networks, layout } = await daemon('damaged');
  await networks.define(lan);
  await networks.define(lan.replace('>lan<', '>other<').replaceAll('10.0.1', '10.0.2'));
  writeFileSync(join(layout.networks, 'lan', 'record.json'), '{');
  const next = await daemon('damaged');
  assert.deepEqual(
    next.networks.list().map(({ name }) => name),
    ['other'],
  );
  assert.match(next.log.join('\n'), /error: .*lan\/record\.json is damaged/);
});

test('what is due is started once in each boot, by whoever needs it first', options, async () => {
  const path = join(root, 'due.json');
  const first = await DueNetworks.open(path, 'boot 1', ['a', 'b']);
  assert.deepEqual([first.isFirst, first.due.names()], [true, ['a', 'b']]);
  await first.due.done('a');
  const second = await DueNetworks.open(path, 'boot 1', ['a', 'b']);
  assert.deepEqual([second.isFirst, second.due.names()], [false, ['b']]);
  const third = await DueNetworks.open(path, 'boot 2', ['a', 'b']);
  assert.deepEqual([third.isFirst, third.due.names()], [true, ['a', 'b']]);
  writeFileSync(path, '[]');
  assert.equal((await DueNetworks.open(path, 'boot 2', [])).isFirst, true);
});

test('what ran before this boot does not run any more', options, async () => {
  const first = await daemon('boot');
  await first.networks.define(lan);
  await first.networks.setAutostart('lan', true);
  await first.networks.start('lan');
  const path = join(first.layout.run, 'due-networks.json');
  writeFileSync(path, JSON.stringify({ boot: 'another', due: [] }));
  const next = await daemon('boot');
  assert.equal(next.networks.get('lan').active, false);
  await startDue(next.parts);
  assert.equal(next.networks.get('lan').active, true);
  await next.networks.stop('lan');
  await startDue(next.parts);
  assert.equal(next.networks.get('lan').active, false);
});

test('the default network is there once, in a subnet that nobody has', options, async () => {
  const first = await daemon('default');
  await first.parts.defineDefault();
  const { bridge, subnets, autostart, active } = first.networks.get('default');
  const third = Number(/^192\.168\.(\d+)\.1$/.exec(subnets[0]?.address ?? '')?.[1]);
  assert.deepEqual([bridge, autostart, active], [`virbr${third}`, true, false]);
  assert.ok(third >= 100 && third < 250);
  // As one that was killed before it said that it is due:
  rmSync(join(first.layout.lib, 'default-network'));
  await first.parts.dueNetworks.done('default');
  await first.parts.defineDefault();
  assert.deepEqual(first.parts.dueNetworks.names(), ['default']);
  const again = await daemon('default', first.host);
  await again.parts.defineDefault();
  assert.equal(again.networks.list().length, 1);
  await again.networks.undefine('default');
  await again.parts.defineDefault();
  assert.deepEqual(again.networks.list(), []);
  // Of a daemon that was killed between the two the next one makes no second.
  rmSync(join(first.layout.lib, 'default-network'));
  await again.networks.define(lan.replace('>lan<', '>default<'));
  await again.parts.defineDefault();
  assert.equal(again.networks.get('default').subnets[0]?.address, '10.0.1.1');
});
