// A template that is made anew while domains stand on it: they go on with the old one, whenever the daemon is killed.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import fs, {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, mock, test } from 'node:test';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { layoutOf } from '../state/layout.js';
import { archive, file } from '../testing/hostile-archive.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const work = mkdtempSync(join(tmpdir(), 'cvu'));
chmodSync(work, 0o755);
after(() => rmSync(work, { recursive: true }));
const path = join(work, 'sys.tar');
const base = join(work, 'base');

type Opened = Awaited<ReturnType<typeof openMemoryEngine>>;

function open(root: string): Promise<Opened> {
  const layout = layoutOf(root);
  const driver = new MemoryDriver({ documentPath: documentPathIn(layout), isObedient: true });
  return openMemoryEngine(layout, driver, () => {});
}

const filesystem = (template: string, target: string): string =>
  `<filesystem type='template'><source name='${template}'/><target dir='${target}'/></filesystem>`;
const xmlOf = (name: string, filesystems = filesystem('sys', '/'), type = 'lxc'): string =>
  `<domain type='${type}'><name>${name}</name><memory unit='MiB'>64</memory><os><type>exe</type></os>` +
  `<devices>${filesystems}</devices></domain>`;

/** One that is off, one that runs, one of vzctl's, one that had another file system of it, and files of one that is gone. */
before(async () => {
  if (options.skip !== false) return;
  writeFileSync(path, archive(file('etc/motd', 'old')));
  const { engine } = await open(base);
  await engine.templates.import('sys', path);
  await engine.templates.import('other', path);
  for (const name of ['off', 'on', 'gone']) await engine.define(xmlOf(name));
  await engine.define(xmlOf('105', filesystem('sys', '/'), 'openvz'));
  await engine.define(xmlOf('dropped', filesystem('other', '/') + filesystem('sys', '/data')));
  await engine.define(xmlOf('dropped', filesystem('other', '/')));
  await engine.undefine('gone');
  await engine.close();
  writeFileSync(path, archive(file('etc/motd', 'new')));
});

const all = ['105', 'dropped', 'gone~1 (kept files)', 'off', 'on'];
const motd = ({ parts }: Opened, template: string): string =>
  readFileSync(join(parts.templatePath(template), 'etc/motd'), 'utf8');
const usersOf = async ({ engine }: Opened): Promise<Record<string, string[]>> =>
  Object.fromEntries((await engine.templates.list()).map(({ name, usedBy }) => [name, [...usedBy]]));

/** What all places say that the domains stand on. */
async function said(opened: Opened, { root, name }: { root: string; name: string }): Promise<void> {
  const { engine, parts } = opened;
  const { lib } = layoutOf(root);
  for (const domain of ['105', 'off', 'on']) {
    assert.match(await engine.xml(domain), new RegExp(`<source name='${name}'/>`));
    assert.deepEqual(parts.registry.find(domain).record.templates, [name]);
    assert.match(readFileSync(join(lib, 'domains', domain, 'record.json'), 'utf8'), new RegExp(`"${name}"`));
  }
  assert.match(
    readFileSync(join(lib, 'domains/105/105.conf'), 'utf8'),
    new RegExp(`^OSTEMPLATE="?${name}"?$`, 'm'),
  );
  for (const entry of readdirSync(join(lib, 'roots')))
    assert.match(
      readFileSync(join(lib, 'roots', entry, 'lease.json'), 'utf8'),
      new RegExp(`"template":"${name}"`),
    );
}

test('all who stand on it go on with the old one; who comes gets the new one', options, async () => {
  const root = join(work, 'live');
  cpSync(base, root, { recursive: true });
  const opened = await open(root);
  const { engine } = opened;
  try {
    await engine.start('on');
    assert.equal((await engine.templates.update('sys')).name, 'sys');
    assert.deepEqual(await usersOf(opened), { other: ['dropped'], sys: [], 'sys~1': all });
    assert.equal((await engine.templates.get('sys~1')).replacedBy, 'sys');
    assert.deepEqual([motd(opened, 'sys'), motd(opened, 'sys~1')], ['new', 'old']);
    await said(opened, { root, name: 'sys~1' });
    // What is said of it by its run, and by a file of that which a later daemon reads.
    assert.match(
      readFileSync(documentPathIn(layoutOf(root))(opened.parts.registry.find('on')), 'utf8'),
      /<source name='sys~1'\/>/,
    );
    await assert.rejects(engine.define(xmlOf('off')), {
      code: 'exists',
      message: /made from template 'sys~1'/,
    });
    await engine.define(xmlOf('off', filesystem('sys~1', '/')));
    await engine.define(xmlOf('new'));
    await engine.define(xmlOf('dropped', filesystem('other', '/') + filesystem('sys~1', '/data')));
    assert.deepEqual((await usersOf(opened))['sys'], ['new']);
    await assert.rejects(engine.templates.remove('sys~1'), { code: 'in-use' });
    await engine.destroy('on');
    for (const name of ['105', 'off', 'on', 'dropped']) await engine.undefine(name, { storage: true });
    await engine.roots.erase('gone~1');
    await engine.templates.remove('sys~1');
    assert.deepEqual(await usersOf(opened), { other: [], sys: ['new'] });
  } finally {
    await engine.close();
  }
});

/** Ends all that changes the disk after so many changes, as of a daemon that is killed; returns whether it came to that. */
async function killedAfter(changes: number, operation: () => Promise<unknown>): Promise<boolean> {
  let done = 0;
  const count = (): void => {
    if (done++ >= changes) throw new Error('killed');
  };
  const { renameSync, rmSync, writeFileSync, mkdtempSync } = fs;
  const { rename, writeFile, mkdir } = fs.promises;
  /** The same, counted before it is done. */
  const counted =
    <A extends unknown[], R>(step: (...args: A) => R) =>
    (...args: A): R => {
      count();
      return step(...args);
    };
  mock.method(fs, 'renameSync', counted(renameSync));
  mock.method(fs, 'rmSync', counted(rmSync));
  mock.method(fs, 'writeFileSync', counted(writeFileSync));
  mock.method(fs, 'mkdtempSync', counted(mkdtempSync));
  mock.method(fs.promises, 'rename', counted(rename));
  mock.method(fs.promises, 'writeFile', counted(writeFile));
  mock.method(fs.promises, 'mkdir', counted(mkdir));
  syncBuiltinESMExports();
  try {
    await operation();
  } catch (error) {
    if (done <= changes) throw error;
  } finally {
    mock.restoreAll();
    syncBuiltinESMExports();
  }
  return done > changes;
}

test('killed at any step, the next daemon finds all on the old one, or makes it so', options, async () => {
  const seen = new Set<string>();
  let isKilled = true;
  for (let changes = 0; isKilled; changes++) {
    const root = join(work, `k${changes}`);
    cpSync(base, root, { recursive: true });
    const first = await open(root);
    isKilled = await killedAfter(changes, () => first.engine.templates.update('sys'));
    await first.engine.close();
    const opened = await open(root);
    try {
      const users = await usersOf(opened);
      const isDone = 'sys~1' in users;
      seen.add(isDone ? 'done' : 'undone');
      const name = isDone ? 'sys~1' : 'sys';
      assert.deepEqual(users, { other: ['dropped'], sys: [], [name]: all }, `after ${changes}`);
      assert.deepEqual([motd(opened, 'sys'), motd(opened, name)], [isDone ? 'new' : 'old', 'old']);
      await said(opened, { root, name });
      const { templates, roots, domains } = layoutOf(root);
      for (const folder of [templates, roots, domains])
        assert.deepEqual(
          readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((entry) =>
            /(^|\/)(\.|replaces)|\.new$/.test(entry),
          ),
          [],
        );
      await opened.engine.define(xmlOf('new'));
      assert.deepEqual((await usersOf(opened))['sys'], isDone ? ['new'] : [...all, 'new'].sort());
    } finally {
      await opened.engine.close();
    }
    rmSync(root, { recursive: true });
  }
  assert.deepEqual([...seen], ['undone', 'done']);
});
