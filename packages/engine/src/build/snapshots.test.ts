// What becomes of snapshots and of the files of their domains, over a driver in memory: the folders are the host's own.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Freezes } from '../domains/freezes.js';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { EngineError, isFault } from '../errors.js';
import { mounts } from '../host/mountinfo.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvs'));
chmodSync(root, 0o755);
after(() => rmSync(root, { recursive: true }));
const layout = layoutOf(root);
const driver = new MemoryDriver({ documentPath: documentPathIn(layout), isObedient: true });
let opened: Awaited<ReturnType<typeof openMemoryEngine>>;
let log: string[] = [];

async function open(): Promise<void> {
  log = [];
  opened = await openMemoryEngine(layout, driver, (level, message) => void log.push(`${level}: ${message}`));
}
before(async () => {
  if (options.skip !== false) return;
  await open();
  await opened.engine.templates.buildBusybox('busybox');
});
after(async () => await opened?.engine.close());

const xmlOf = (name: string, { memory = 64, more = '', limit = '' } = {}): string =>
  `<domain type='lxc'><name>${name}</name><memory unit='MiB'>${memory}</memory><os><type>exe</type></os>` +
  `<devices><filesystem type='template'><source name='busybox'/><target dir='/'/>${limit}</filesystem>${more}</devices></domain>`;
const rootOf = (name: string): string => join(layout.roots, name);
const upper = (name: string): string => join(rootOf(name), 'root.layer', 'upper');
const put = (name: string, file: string, text: string): void => writeFileSync(join(upper(name), file), text);
const read = (name: string, file: string): string => readFileSync(join(upper(name), file), 'utf8');
const names = (name: string): string[] => opened.engine.snapshots.list(name).map((one) => one.name);
const gone = async (name: string): Promise<void> => await opened.engine.undefine(name, { storage: true });

test('one is taken, told, described and deleted, whatever the domain does', options, async () => {
  const { engine } = opened;
  await engine.define(
    xmlOf('a', {
      more: `<filesystem type='mount'><source dir='${root}/data'/><target dir='/data'/></filesystem>`,
    }),
  );
  put('a', 'file', 'first');
  const first = await engine.snapshots.create('a', { name: 'one', description: 'the first' });
  assert.deepEqual(first, {
    ...{ name: 'one', description: 'the first', createdAt: first.createdAt, parent: null, isCurrent: true },
    ...{ children: 0, state: 'shutoff', frozenMs: null, expiresAt: null, by: 'request' },
    outside: [{ target: '/data', source: `${root}/data` }],
  });
  put('a', 'file', 'second');
  assert.equal(readFileSync(join(rootOf('a'), 'snapshots/one/root.layer/upper/file'), 'utf8'), 'first');
  mkdirSync(join(root, 'data'));
  await engine.start('a');
  const run = driver.run('a');
  const frozen: boolean[] = [];
  const freeze = run.freeze.bind(run);
  run.freeze = async () => {
    await freeze();
    frozen.push(
      existsSync(
        `${documentPathIn(layout)({ record: opened.parts.registry.find('a').record, running: run })}.held`,
      ),
    );
  };
  const second = await engine.snapshots.create('a');
  assert.match(second.name, /^\d{8}-\d{6}$/);
  assert.deepEqual([second.state, second.parent, frozen, run.isFrozen], ['running', 'one', [true], false]);
  assert.ok(second.frozenMs !== null && second.frozenMs > 0);
  assert.equal(engine.summary('a').state, 'running');
  await engine.suspend('a');
  const third = await engine.snapshots.create('a', { name: 'three', expiresAt: '2027-01-01T00:00:00Z' }, {});
  assert.deepEqual(
    [third.state, third.frozenMs, third.expiresAt],
    ['paused', null, '2027-01-01T00:00:00.000Z'],
  );
  assert.equal(run.isFrozen, true);
  await engine.destroy('a');
  assert.deepEqual(
    [engine.snapshots.current('a')?.name, engine.snapshots.get('a', 'one').children],
    ['three', 1],
  );
  assert.equal((await engine.snapshots.describe('a', 'one', null)).description, null);
  assert.match(await engine.snapshots.xml('a', 'one'), /<name>a<\/name>/);
  assert.ok((await engine.snapshots.occupied('a', 'one')) > 0);
  // Children of one that goes are its parent's.
  assert.deepEqual(
    (await engine.snapshots.delete('a', second.name)).map(({ name }) => name),
    [second.name],
  );
  assert.equal(engine.snapshots.get('a', 'three').parent, 'one');
  await engine.snapshots.delete('a', 'three');
  assert.equal(engine.snapshots.current('a')?.name, 'one');
  await engine.snapshots.create('a', { name: 'two' });
  assert.deepEqual(
    (await engine.snapshots.delete('a', 'one', { children: 'only' })).map(({ name }) => name),
    ['two'],
  );
  await engine.snapshots.create('a', { name: 'two' });
  assert.deepEqual(
    (await engine.snapshots.delete('a', 'one', { children: 'with' })).map(({ name }) => name),
    ['two', 'one'],
  );
  assert.deepEqual([names('a'), readdirSync(join(rootOf('a'), 'snapshots'))], [[], []]);
  await gone('a');
});

test(
  'names that are taken or cannot be, roots of the host and domains that go with their run are refused',
  options,
  async () => {
    const { engine } = opened;
    await engine.define(xmlOf('a'));
    await engine.snapshots.create('a', { name: 'x' });
    await assert.rejects(engine.snapshots.create('a', { name: 'x' }), { code: 'exists' });
    for (const name of ['', 'a/b', '.x', 'before-revert', 'n'.repeat(100)])
      await assert.rejects(engine.snapshots.create('a', { name }), { code: 'invalid' }, name);
    assert.throws(() => engine.snapshots.get('a', 'y'), { code: 'not-found', message: /no snapshot 'y'/ });
    await assert.rejects(engine.snapshots.delete('a', 'y'), { code: 'not-found' });
    const host = xmlOf('host')
      .replace("type='template'", "type='mount'")
      .replace("name='busybox'", `dir='${root}/tree'`);
    mkdirSync(join(root, 'tree'));
    await engine.define(host);
    await assert.rejects(engine.snapshots.create('host'), {
      code: 'unsupported',
      message: /tree is the host's/,
    });
    await engine.create(xmlOf('short'));
    await assert.rejects(engine.snapshots.create('short'), { code: 'wrong-state', message: /transient/ });
    await engine.destroy('short');
    await opened.parts.queue.idle();
    await engine.undefine('host');
    await gone('a');
  },
);

test('they stay with a domain that gets other files of its own', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('a'));
  put('a', 'file', 'before');
  const { uuid } = engine.summary('a');
  await engine.undefine('a');
  await engine.define(xmlOf('a'));
  const first = engine.summary('a').uuid;
  put('a', 'file', 'then');
  await engine.snapshots.create('a', { name: 'x' });
  // Of another domain: they are of files that go.
  const strange = await engine.roots.adopt('a~1', 'a');
  assert.deepEqual([names('a'), strange.kept?.uuid, strange.kept?.snapshots], [[], first, ['x']]);
  assert.notEqual(uuid, first);
  const back = await engine.roots.adopt(strange.kept?.name ?? '', 'a');
  assert.deepEqual([names('a'), back.kept?.snapshots], [['x'], []]);
  // Its own: they are its history.
  const own = await engine.roots.adopt(back.kept?.name ?? '', 'a');
  assert.deepEqual([names('a'), own.kept?.snapshots], [['x'], []]);
  assert.equal(engine.snapshots.current('a'), undefined);
  assert.deepEqual((await engine.roots.erase(own.kept?.name ?? '')).snapshots, []);
  await engine.snapshots.revert('a', 'x');
  await gone('a');
  assert.deepEqual(readdirSync(layout.roots), []);
});

test('they go where the files go: with another name, kept, and given to a domain', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('a'));
  put('a', 'file', 'then');
  await engine.snapshots.create('a', { name: 'x' });
  await engine.rename('a', 'b');
  assert.deepEqual(names('b'), ['x']);
  await engine.undefine('b');
  await engine.define(xmlOf('c'));
  assert.deepEqual(names('c'), []);
  await engine.snapshots.create('c', { name: 'other' });
  await engine.roots.adopt('b~1', 'c');
  assert.deepEqual(names('c'), ['x']);
  await engine.snapshots.revert('c', 'x');
  assert.match(await engine.xml('c'), /<name>c<\/name>/);
  await engine.roots.erase('c~1');
  await gone('c');
  assert.deepEqual(readdirSync(layout.roots), []);
});

test(
  'a revert gives the files and the document of then, and what was before is kept until the next start',
  options,
  async () => {
    const { engine } = opened;
    await engine.define(xmlOf('a'));
    put('a', 'file', 'then');
    await engine.snapshots.create('a', { name: 'x' });
    put('a', 'file', 'now');
    await engine.define(xmlOf('a', { memory: 128 }));
    const reverted = await engine.snapshots.revert('a', 'x');
    assert.deepEqual(
      [reverted.state, read('a', 'file'), names('a')],
      ['shutoff', 'then', ['x', 'before-revert']],
    );
    assert.match(await engine.xml('a'), /<memory[^>]*>65536/);
    assert.deepEqual(
      [engine.snapshots.current('a')?.name, engine.snapshots.get('a', 'before-revert').by],
      ['x', 'revert'],
    );
    // The way back.
    await engine.snapshots.revert('a', 'before-revert');
    assert.deepEqual([read('a', 'file'), names('a')], ['now', ['x', 'before-revert']]);
    assert.match(await engine.xml('a'), /<memory[^>]*>131072/);
    await engine.start('a');
    await opened.parts.queue.idle();
    assert.deepEqual(names('a'), ['x']);
    put('a', 'file', 'later');
    const running = await engine.snapshots.revert('a', 'x');
    assert.deepEqual([running.state, read('a', 'file'), names('a')], ['running', 'then', ['x']]);
    assert.equal((await engine.snapshots.revert('a', 'x', { state: 'paused' })).state, 'paused');
    assert.equal((await engine.snapshots.revert('a', 'x')).state, 'running');
    assert.equal((await engine.snapshots.revert('a', 'x', { state: 'shutoff' })).state, 'shutoff');
    assert.deepEqual(readdirSync(rootOf('a')).sort(), [
      'lease.json',
      'root.layer',
      'snapshots',
      'snapshots.json',
    ]);
    await gone('a');
  },
);

test('what is told and kept of a document goes with it, whoever changes it', options, async () => {
  const { engine } = opened;
  const link = "<interface type='ethernet'><ip address='192.0.2.78'/></interface>";
  const map =
    "<idmap><uid start='0' target='700000' count='65536'/><gid start='0' target='700000' count='65536'/></idmap>";
  const scheduled = "<metadata><s:schedule xmlns:s='urn:ctvirt:schedule:1' snapshots='@hourly'/></metadata>";
  const full = xmlOf('a', { more: link }).replace('</name>', `</name>${scheduled}${map}`);
  const told = (): unknown[] => {
    const { schedule, mapped, addresses } = opened.parts.registry.find('a').record;
    return [schedule?.snapshots?.when, mapped?.uid[0]?.first, addresses];
  };
  const nothing = [undefined, undefined, []];
  const all = ['@hourly', 700000, ['192.0.2.78']];
  await engine.define(xmlOf('a'));
  await engine.snapshots.create('a', { name: 'without' });
  await engine.define(full);
  assert.deepEqual(told(), all);
  await engine.snapshots.create('a', { name: 'with' });
  await engine.snapshots.revert('a', 'without');
  assert.deepEqual(told(), nothing);
  await engine.snapshots.revert('a', 'with');
  assert.deepEqual(told(), all);
  await engine.define(xmlOf('a'));
  assert.deepEqual(told(), nothing);
  await gone('a');
});

test('a revert that cannot be had leaves the domain running as it was', options, async () => {
  const { engine } = opened;
  const link = "<interface type='ethernet'><ip address='192.0.2.77'/></interface>";
  await engine.define(xmlOf('a', { more: link }));
  put('a', 'file', 'then');
  await engine.snapshots.create('a', { name: 'x' });
  await engine.define(xmlOf('a'));
  put('a', 'file', 'now');
  await engine.define(xmlOf('other', { more: link }));
  await engine.start('a');
  const run = driver.run('a');
  await assert.rejects(engine.snapshots.revert('a', 'x'), { code: 'exists', message: /192\.0\.2\.77/ });
  assert.equal(driver.run('a'), run);
  assert.deepEqual([engine.summary('a').state, read('a', 'file'), names('a')], ['running', 'now', ['x']]);
  assert.deepEqual(
    readdirSync(rootOf('a')).filter((name) => name.startsWith('.')),
    [],
  );
  await engine.destroy('a');
  for (const name of ['a', 'other']) await gone(name);
});

test('a revert to what would not start here is refused before the domain is ended', options, async () => {
  const { engine } = opened;
  const share = join(root, 'share');
  mkdirSync(share);
  await engine.define(
    xmlOf('a', { more: `<filesystem type='mount'><source dir='${share}'/><target dir='/s'/></filesystem>` }),
  );
  put('a', 'file', 'then');
  await engine.snapshots.create('a', { name: 'x' });
  await engine.define(xmlOf('a'));
  put('a', 'file', 'now');
  rmSync(share, { recursive: true });
  await engine.start('a');
  const run = driver.run('a');
  await assert.rejects(engine.snapshots.revert('a', 'x'), {
    code: 'not-found',
    message:
      /there is no .*share on this host; domain 'a' would not start then and stays as it is.*--shutoff/,
  });
  assert.equal(driver.run('a'), run);
  assert.deepEqual([engine.summary('a').state, read('a', 'file'), names('a')], ['running', 'now', ['x']]);
  assert.equal((await engine.snapshots.revert('a', 'x', { state: 'shutoff' })).state, 'shutoff');
  assert.equal(read('a', 'file'), 'then');
  await gone('a');
});

test('a revert after which the domain does not start says what it is then', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('a'));
  put('a', 'file', 'then');
  await engine.snapshots.create('a', { name: 'x' });
  put('a', 'file', 'now');
  await engine.start('a');
  driver.fault = { error: new EngineError('host-command', 'no init'), isBegun: true };
  await assert.rejects(engine.snapshots.revert('a', 'x'), {
    code: 'host-command',
    message: /^no init; domain 'a' is reverted to 'x', but does not start; .* snapshot 'before-revert'$/,
  });
  assert.deepEqual(
    [engine.summary('a').state, read('a', 'file'), names('a')],
    ['shutoff', 'then', ['x', 'before-revert']],
  );
  await engine.snapshots.revert('a', 'before-revert', { state: 'running' });
  assert.equal(read('a', 'file'), 'now');
  await engine.destroy('a');
  await gone('a');
});

test('one of which not all can be erased is gone, and what is left of it is told', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('a'));
  put('a', 'file', 'then');
  await engine.snapshots.create('a', { name: 'x' });
  await engine.snapshots.revert('a', 'x');
  const folder = join(rootOf('a'), 'snapshots');
  const roots = dirname(rootOf('a'));
  const left = (): string[] => readdirSync(roots).filter((name) => name.startsWith('.gone-'));
  const block = (name: string): void => {
    mkdirSync(join(folder, name, 'busy'));
    execFileSync('mount', ['-t', 'tmpfs', 'none', join(folder, name, 'busy')]);
  };
  const release = (): void => {
    for (const { target } of mounts()) if (target.startsWith(roots)) execFileSync('umount', [target]);
  };
  block('before-revert');
  try {
    // What is in the way of a revert need not be erased for it.
    await engine.snapshots.revert('a', 'x');
    assert.match(log.join('\n'), /warn: .*before-revert.*busy/);
    assert.deepEqual([names('a'), left().length], [['x', 'before-revert'], 1]);
    release();
    block('x');
    await assert.rejects(
      engine.snapshots.delete('a', 'x'),
      /it is gone, but not all .*\.gone-.* tried again later/,
    );
    assert.deepEqual(names('a'), ['before-revert']);
    await assert.rejects(engine.snapshots.delete('a', 'x'), { code: 'not-found' });
  } finally {
    release();
  }
  await gone('a');
});

test(
  'what was decided is brought to its end by the next daemon, and nothing starts before',
  options,
  async () => {
    const { engine } = opened;
    await engine.define(xmlOf('a'));
    put('a', 'file', 'then');
    await engine.snapshots.create('a', { name: 'x' });
    put('a', 'file', 'now');
    await engine.snapshots.revert('a', 'x');
    await engine.close();
    // As a killed daemon leaves it after the first of the renames.
    const revert = join(rootOf('a'), '.revert');
    mkdirSync(revert);
    renameSync(join(rootOf('a'), 'snapshots/before-revert'), join(revert, 'before'));
    renameSync(join(rootOf('a'), 'root.layer'), join(revert, 'root.layer'));
    const before = join(revert, 'before');
    writeFileSync(join(revert, 'domain.xml'), xmlOf('a', { memory: 96 }));
    writeFileSync(join(revert, 'to.json'), '{"version":1,"name":"x","state":"shutoff"}');
    mkdirSync(join(rootOf('a'), '.new-zzzz'));
    mkdirSync(join(rootOf('a'), 'snapshots', '.new-zzzz'));
    assert.ok(existsSync(join(before, 'root.layer')));
    await open();
    assert.match(log.join('\n'), /\.new-zzzz, left by an interrupted snapshot/);
    assert.match(log.join('\n'), /\.new-zzzz, left by an interrupted revert/);
    assert.match(log.join('\n'), /domain 'a': a revert that was interrupted is done/);
    assert.deepEqual([read('a', 'file'), names('a')], ['then', ['x', 'before-revert']]);
    assert.match(await opened.engine.xml('a'), /<memory[^>]*>98304/);
    assert.deepEqual(readdirSync(rootOf('a')).sort(), [
      'lease.json',
      'root.layer',
      'snapshots',
      'snapshots.json',
    ]);
    await opened.engine.start('a');
    await opened.engine.destroy('a');
    await gone('a');
  },
);

test('one that a killed daemon held goes on, and is not taken for paused', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('a'));
  await engine.start('a');
  const run = driver.run('a');
  const { record } = opened.parts.registry.find('a');
  await run.freeze();
  writeFileSync(`${documentPathIn(layout)({ record, running: run })}.held`, '');
  await engine.close();
  await open();
  assert.deepEqual([opened.engine.summary('a').state, driver.run('a').isFrozen], ['running', false]);
  await opened.engine.destroy('a');
  await gone('a');
});

test('diff names what was added, changed and removed, by paths in the container', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('a'));
  put('a', 'same', 'same');
  put('a', 'changed', 'one');
  put('a', 'gone', 'x');
  await engine.snapshots.create('a', { name: 'x' });
  put('a', 'changed', 'two');
  rmSync(join(upper('a'), 'gone'));
  mkdirSync(join(upper('a'), 'new'));
  put('a', 'new/näme', '');
  // Touched, and nothing else of it.
  execFileSync('/bin/chmod', ['u+r', join(upper('a'), 'same')]);
  mkdirSync(join(upper('a'), 'bin'));
  execFileSync('/bin/mknod', [join(upper('a'), 'bin/busybox'), 'c', '0', '0']);
  const told = async (against?: string): Promise<string[]> =>
    (await engine.snapshots.diff('a', 'x', against === undefined ? {} : { against })).map(
      ({ change, path, kind }) => `${change} ${path} ${kind}`,
    );
  const expected = [
    'removed /bin/busybox file',
    'changed /changed file',
    'removed /gone file',
    'added /new folder',
    'added /new/näme file',
  ];
  assert.deepEqual(await told(), expected);
  await engine.snapshots.create('a', { name: 'y' });
  assert.deepEqual(await told('y'), expected);
  assert.deepEqual(await engine.snapshots.diff('a', 'y'), []);
  await gone('a');
});

/** A folder in it after the other, until no call takes the path of the last. */
const DEEPEN = `process.chdir(process.argv[1]);
for (let at = 0; at < 25; at++) { fs.mkdirSync('d'.repeat(200)); process.chdir('d'.repeat(200)); }`;

test('what no program can copy is refused in one sentence', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('deep'));
  mkdirSync(join(upper('deep'), 'odd'));
  execFileSync(process.execPath, ['-e', DEEPEN, join(upper('deep'), 'odd')]);
  const refused = (error: unknown): boolean =>
    isFault(error, 'unsupported') &&
    /domain 'deep' has a path of more than 4096 bytes.*begins with '\/odd\/ddd/.test(error.message) &&
    error.message.length < 300;
  await assert.rejects(engine.snapshots.create('deep'), refused);
  await assert.rejects(engine.archives.clone('deep', 'deeper'), refused);
  assert.deepEqual(names('deep'), []);
  await gone('deep');
});

test('its layers are told beside those of the domain', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('listed'));
  await engine.snapshots.create('listed', { name: 'one' });
  const layers = engine.layers.list().filter(({ owner }) => owner === 'listed');
  assert.deepEqual(
    layers.map(({ name, snapshot, path }) => [name, snapshot, path]),
    [
      ['listed.root', null, join(rootOf('listed'), 'root.layer')],
      ['listed.root@one', 'one', join(rootOf('listed'), 'snapshots/one/root.layer')],
    ],
  );
  await gone('listed');
});

test('one that is frozen goes on when the time is over, and its thaw is refused', options, async () => {
  const { engine, parts } = opened;
  await engine.define(xmlOf('f'));
  const freezes = new Freezes({ ...parts, limitMs: 3000 });
  await assert.rejects(freezes.freeze('f'), { code: 'wrong-state' });
  await engine.start('f');
  assert.equal(await freezes.freeze('f'), 1);
  const { running } = parts.registry.find('f');
  assert.equal(running?.isFrozen, true);
  await assert.rejects(engine.snapshots.create('f'), { code: 'in-use', message: /a job, freeze/ });
  await assert.rejects(engine.suspend('f'), { code: 'busy', message: /are frozen/ });
  while (parts.jobs.of(parts.registry.find('f').record.uuid) !== undefined) await sleep(5);
  assert.equal(running.isFrozen, false);
  await assert.rejects(freezes.thaw('f'), { code: 'timeout', message: /was let go then/ });
  assert.equal(await freezes.thaw('f'), 0);
  assert.equal(await freezes.freeze('f', ['/']), 1);
  assert.equal(await freezes.thaw('f'), 1);
  assert.deepEqual([running.isFrozen, engine.summary('f').state], [false, 'running']);
  await engine.destroy('f');
  await gone('f');
});

test('the thaw of one that an earlier daemon let go is refused, once', options, async () => {
  await opened.engine.define(xmlOf('f'));
  await opened.engine.start('f');
  assert.equal(await opened.engine.freeze('f'), 1);
  await opened.engine.close();
  await open();
  await assert.rejects(opened.engine.thaw('f'), { code: 'interrupted', message: /was frozen at 2.* let go/ });
  assert.equal(await opened.engine.thaw('f'), 0);
  assert.equal(await opened.engine.freeze('f'), 1);
  assert.equal(await opened.engine.thaw('f'), 1);
  await opened.engine.close();
  await open();
  assert.equal(await opened.engine.thaw('f'), 0);
  await opened.engine.destroy('f');
  await gone('f');
});

test('a schedule that would name them as none may be is refused, whoever says it', options, async () => {
  const { engine } = opened;
  const scheduled = (pattern: string): string =>
    xmlOf('p').replace(
      '</name>',
      `</name><metadata><s:schedule xmlns:s='urn:ctvirt:schedule:1' snapshots='@daily' snapshot-pattern='${pattern}'/></metadata>`,
    );
  const isRefused = { code: 'invalid', message: /'before-revert' is what a domain was/ };
  await assert.rejects(engine.define(scheduled('before-revert')), isRefused);
  await engine.define(scheduled('before'));
  await assert.rejects(
    engine.set('p', { snapshotPattern: 'before-revert' }, { stored: true, live: false }),
    isRefused,
  );
  await gone('p');
});
