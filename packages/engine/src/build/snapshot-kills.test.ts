// A daemon that is killed at any step of a snapshot, its deletion or a revert leaves either what was or what was asked for, and no parts.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const killed = fileURLToPath(new URL('../testing/killed-snapshots.js', import.meta.url));
const skip = process.getuid?.() === 0 ? false : "a daemon obeys root's files alone";
/** Every so many steps, from a place of its own in each run; all of them for the campaign. */
const STRIDE = Number(process.env['CTVIRT_KILL_STRIDE'] ?? '8');

const xmlOf = (memory: number): string =>
  `<domain type='lxc'><name>a</name><memory unit='MiB'>${memory}</memory><os><type>exe</type></os>` +
  "<devices><filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem></devices></domain>";

suite('a daemon is killed', { skip }, () => {
  const base = mkdtempSync(join(tmpdir(), 'cvsk'));
  chmodSync(base, 0o755);
  const [root, saved] = [join(base, 'root'), join(base, 'saved')];
  const layout = layoutOf(root);
  const home = join(layout.roots, 'a');
  const fileIn = (folder: string): string => join(folder, 'root.layer/upper/file');

  let log: string[] = [];
  const open = () => {
    log = [];
    const driver = new MemoryDriver({ documentPath: documentPathIn(layout) });
    return openMemoryEngine(layout, driver, (level, message) => void log.push(`${level}: ${message}`));
  };

  before(async () => {
    const { engine } = await open();
    await engine.templates.buildBusybox('busybox');
    await engine.define(xmlOf(64));
    writeFileSync(fileIn(home), 'then');
    await engine.snapshots.create('a', { name: 'x' });
    writeFileSync(fileIn(home), 'now');
    await engine.define(xmlOf(128));
    await engine.close();
    execFileSync('/bin/cp', ['-a', root, saved]);
  });
  after(() => rmSync(base, { recursive: true }));

  /** What it finds that comes next: a domain, whole. */
  async function check(operation: string): Promise<string> {
    // Of a run that went with its daemon.
    const hadRun = existsSync(join(layout.runtime, 'a/live.xml'));
    const { engine } = await open();
    try {
      const file = readFileSync(fileIn(home), 'utf8');
      const [{ name = '', state = '' } = {}, ...others] = engine.list();
      assert.deepEqual([name, others], ['a', []]);
      if (operation !== 'revert-running') assert.equal(state, 'shutoff');
      else if (!hadRun) assert.equal(state, 'running', 'it was ended for the revert, and runs again');
      if (state === 'running') await engine.destroy('a');
      const memory = /<memory[^>]*>(\d+)/.exec(await engine.xml('a'))?.[1];
      assert.ok(['then 65536', 'now 131072'].includes(`${file} ${memory}`), `${file} ${memory}`);
      const names = engine.snapshots.list('a').map(({ name }) => name);
      for (const name of names) {
        const of = readFileSync(fileIn(join(home, 'snapshots', name)), 'utf8');
        assert.equal(of, name === 'x' ? 'then' : 'now');
      }
      const hidden = [home, join(home, 'snapshots')].flatMap((folder) => readdirSync(folder));
      assert.deepEqual(
        hidden.filter((name) => name.startsWith('.')),
        [],
        log.join('\n'),
      );
      assert.deepEqual(readdirSync(join(home, 'snapshots')).sort(), [...names].sort());
      assert.deepEqual((await engine.check()).stray, []);
      await engine.start('a');
      await engine.destroy('a');
      if (operation !== 'delete') await engine.snapshots.revert('a', 'x');
      return `${file} ${names.filter((one) => operation !== 'revert-running' || one === 'x').join()}`;
    } finally {
      await engine.close();
    }
  }

  for (const operation of ['create', 'delete', 'revert', 'revert-running'])
    test(`at the steps of ${operation}: it is done, or it was never begun`, async () => {
      const found = new Set<string>();
      for (let step = Math.floor(Math.random() * STRIDE); ; step += STRIDE) {
        rmSync(root, { recursive: true, force: true });
        execFileSync('/bin/cp', ['-a', saved, root]);
        const { signal, status, stderr } = spawnSync(process.execPath, [
          killed,
          root,
          operation,
          String(step),
        ]);
        assert.ok(signal === 'SIGKILL' || status === 0, stderr.toString());
        found.add(await check(operation));
        if (signal === null) break;
      }
      const outcomes = {
        create: ['now x', 'now x,y'],
        delete: ['now x', 'now '],
        revert: ['now x', 'then x,before-revert'],
        'revert-running': ['now x', 'then x'],
      }[operation];
      assert.ok(
        [...found].every((one) => outcomes?.includes(one)),
        [...found].join('; '),
      );
      assert.ok(found.has(outcomes?.[1] ?? ''));
    });
});
