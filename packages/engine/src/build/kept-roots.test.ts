// What becomes of the files of domains that are gone, and of domains that are called otherwise.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
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
import { after, before, beforeEach, test } from 'node:test';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { layoutOf } from '../state/layout.js';
import type { Lease } from '../state/store.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvk'));
chmodSync(root, 0o755);
after(() => rmSync(root, { recursive: true }));
const layout = layoutOf(root);
const driver = new MemoryDriver({ documentPath: documentPathIn(layout), isObedient: true });
let opened: Awaited<ReturnType<typeof openMemoryEngine>>;
let log: string[] = [];

async function open(): Promise<void> {
  opened = await openMemoryEngine(layout, driver, (level, message) => void log.push(`${level}: ${message}`));
}
before(async () => {
  if (options.skip !== false) return;
  await open();
  await opened.engine.templates.buildBusybox('busybox');
});
beforeEach(() => {
  log = [];
});
after(async () => await opened?.engine.close());

const uuid = (at: number): string => `abcdef00-0000-4000-8000-00000000000${at}`;
const xmlOf = (name: string, more = '', type = 'lxc'): string =>
  `<domain type='${type}'><name>${name}</name>${more}<memory unit='MiB'>64</memory><os><type>exe</type></os>` +
  "<devices><filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem></devices></domain>";
const withUuid = (at: number): string => `<uuid>${uuid(at)}</uuid>`;
const idsOf = (name: string) => opened.parts.registry.find(name).record.ids;
const keptFindings = async (xml: string): Promise<string[]> =>
  (await opened.engine.define(xml)).findings
    .filter(({ code }) => code === 'kept-files')
    .map(({ message }) => message);
const folders = (): string[] => readdirSync(layout.roots).sort();

test('a name alone gets nobody’s files; the UUID of their domain does, and says so', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf('a', withUuid(1)));
  const ids = idsOf('a');
  await engine.undefine('a');
  assert.match(log.join('\n'), /'a' \(abcdef00-\S+1\): its files are kept as root 'a~1'.*root erase a~1/);
  assert.deepEqual(
    engine.roots.list().map(({ name, domain, templates }) => [name, domain, templates]),
    [['a~1', 'a', ['busybox']]],
  );
  const [remark] = await keptFindings(xmlOf('a'));
  assert.match(remark ?? '', /root is new: that of an earlier domain 'a' \(abcdef00-\S+1\) is kept as 'a~1'/);
  assert.notDeepEqual(idsOf('a'), ids);
  assert.deepEqual(folders(), ['a', 'a~1']);
  await engine.undefine('a');
  assert.deepEqual(folders(), ['a~1', 'a~2']);
  // By its UUID it is the same domain, whatever it is called.
  assert.match((await keptFindings(xmlOf('b', withUuid(1))))[0] ?? '', /those that were kept as 'a~1'/);
  // Its files carry none of the host's: it has others than before.
  assert.notDeepEqual(idsOf('b'), ids);
  assert.deepEqual(folders(), ['a~2', 'b']);
  // A transient one that has them does not erase them.
  await engine.undefine('b');
  await engine.create(xmlOf('c', withUuid(1)));
  await engine.destroy('c');
  await opened.parts.queue.idle();
  assert.deepEqual(folders(), ['a~2', 'c~1']);
  // Nor does one of the same name.
  await engine.create(xmlOf('c'));
  await engine.destroy('c');
  await opened.parts.queue.idle();
  assert.deepEqual(folders(), ['a~2', 'c~1']);
  const erased = await engine.roots.erase('c~1');
  assert.deepEqual([erased.domain, erased.uuid], ['c', uuid(1)]);
  await engine.roots.erase('a~2');
  await engine.define(xmlOf('a'));
  for (const none of ['a~2', 'a', '../roots/a', '../domains/a~1', '.~1'])
    await assert.rejects(engine.roots.erase(none), { code: 'not-found', message: /no root is kept as/ });
  await engine.undefine('a', { storage: true });
  assert.deepEqual(folders(), []);
});

test('what is kept as a UUID of another is nobody’s to erase by undefine', options, async () => {
  const { engine } = opened;
  await engine.define(xmlOf(uuid(1)));
  const gone = engine.list().find(({ name }) => name === uuid(1))?.uuid ?? assert.fail();
  await engine.undefine(gone);
  // Only now: no two may be called so at once.
  await engine.define(xmlOf('living', withUuid(1)));
  await engine.undefine(uuid(1), { storage: true });
  assert.deepEqual(folders(), [`${uuid(1)}~1`]);
  await engine.roots.erase(`${uuid(1)}~1`);
});

/** As an earlier version left it: its files have the ids of the host. */
function asBefore(name: string): void {
  const path = join(layout.roots, name, 'lease.json');
  const lease: Lease = JSON.parse(readFileSync(path, 'utf8'));
  const made = lease.made.map(({ ids: _ids, ...rest }) => rest);
  writeFileSync(path, JSON.stringify({ ...lease, made }));
}

const rangesHeld = async (): Promise<string[]> =>
  (await opened.parts.assets.check()).owned
    .flatMap(({ kind, owner, what }) => (kind === 'id-range' ? [`${owner} ${what.split('-')[0]}`] : []))
    .sort();

const mapped = "<idmap><uid start='0' target='9' count='9'/><gid start='0' target='9' count='9'/></idmap>";

test(
  'adopt gives a kept root, and keeps what was there; the ids go with files that carry them',
  options,
  async () => {
    const { engine } = opened;
    await engine.define(xmlOf('a'));
    asBefore('a');
    const first = idsOf('a');
    await engine.undefine('a');
    assert.match(log.join('\n'), /and its ids with them/);
    await engine.define(xmlOf('shop'));
    asBefore('shop');
    const second = idsOf('shop');
    const { domain, kept } = await engine.roots.adopt('a~1', 'shop');
    assert.deepEqual([domain.name, kept?.name, kept?.domain], ['shop', 'shop~1', 'shop']);
    assert.deepEqual([idsOf('shop'), folders()], [first, ['shop', 'shop~1']]);
    assert.deepEqual(await rangesHeld(), [`shop ${first?.start}`, `shop~1 (kept) ${second?.start}`]);
    await engine.start('shop');
    await assert.rejects(engine.roots.adopt('shop~1', 'shop'), { code: 'wrong-state' });
    await engine.destroy('shop');
    await engine.define(xmlOf('mapped', mapped));
    await assert.rejects(engine.roots.adopt('shop~1', 'mapped'), { code: 'exists', message: /another map/ });
    for (const name of ['shop', 'mapped']) await engine.undefine(name, { storage: true });
    await engine.roots.erase('shop~1');
  },
);

test(
  'files that carry no ids of the host are had by a domain of any map, and no range is kept for them',
  options,
  async () => {
    const { engine } = opened;
    await engine.define(xmlOf('a'));
    await engine.undefine('a');
    assert.doesNotMatch(log.join('\n'), /its ids with them/);
    assert.deepEqual(await rangesHeld(), []);
    await engine.define(xmlOf('mapped', mapped));
    await engine.roots.adopt('a~1', 'mapped');
    assert.deepEqual([idsOf('mapped'), folders()], [null, ['mapped', 'mapped~1']]);
    // What was the mapped one's, in the place of files that keep their ids: it needs others.
    await engine.define(xmlOf('shop'));
    asBefore('shop');
    const before = idsOf('shop');
    await engine.roots.adopt('mapped~1', 'shop');
    const after = idsOf('shop');
    assert.notDeepEqual(after, before);
    assert.deepEqual(await rangesHeld(), [`shop ${after?.start}`, `shop~1 (kept) ${before?.start}`]);
    // And back: what it had then is nobody's.
    await engine.roots.adopt('shop~1', 'shop');
    assert.deepEqual([idsOf('shop'), await rangesHeld()], [before, [`shop ${before?.start}`]]);
    for (const name of ['shop', 'mapped']) await engine.undefine(name, { storage: true });
    await engine.roots.erase('shop~2');
  },
);

test(
  'an <idmap> comes and goes where no file carries ids of the host, while it is off',
  options,
  async () => {
    const { engine } = opened;
    await engine.define(xmlOf('a'));
    const hostRoot =
      "<idmap><uid start='0' target='0' count='9'/><gid start='0' target='9' count='9'/></idmap>";
    await assert.rejects(engine.define(xmlOf('a', hostRoot)), { code: 'exists', message: /host's root/ });
    await engine.start('a');
    await assert.rejects(engine.define(xmlOf('a', mapped)), { code: 'wrong-state' });
    await engine.destroy('a');
    await engine.define(xmlOf('a', mapped));
    assert.deepEqual([idsOf('a'), await rangesHeld()], [null, []]);
    await engine.define(xmlOf('a'));
    assert.deepEqual(await rangesHeld(), [`a ${idsOf('a')?.start}`]);
    asBefore('a');
    await assert.rejects(engine.define(xmlOf('a', mapped)), {
      code: 'unsupported',
      message: /carry its present ids/,
    });
    await engine.undefine('a', { storage: true });
    // Made with the host's root in its map, it has that one's ids.
    await engine.define(xmlOf('a', hostRoot));
    await assert.rejects(engine.define(xmlOf('a')), { code: 'unsupported' });
    await engine.undefine('a', { storage: true });
    assert.deepEqual(folders(), []);
  },
);

test(
  'renamed, a domain keeps its UUID and all that it has, and the next daemon finds it so',
  options,
  async () => {
    const { engine, parts } = opened;
    const told: string[] = [];
    const leave = engine.onEvent(
      ({ event, detail, domain }) => void told.push(`${domain.name} ${event} ${detail}`),
    );
    await engine.define(xmlOf('105', withUuid(2), 'openvz'));
    await engine.setParameters('105', { numproc: '77' }, { live: false, stored: true });
    await engine.setAutostart('105', { autostart: true });
    const ids = idsOf('105');
    await engine.start('105');
    await assert.rejects(engine.rename('105', 'web'), { code: 'wrong-state', message: /'105' is not off/ });
    await engine.destroy('105');
    told.length = 0;
    const renamed = await engine.rename('105', 'web');
    leave();
    assert.deepEqual(
      [renamed.name, renamed.uuid, renamed.ctid, renamed.autostart, renamed.hostname],
      ['web', uuid(2), 105, true, 'web'],
    );
    assert.deepEqual(told, ['105 undefined renamed', 'web defined renamed']);
    assert.throws(() => engine.summary('105'), { code: 'not-found' });
    assert.match(await engine.xml('web'), /<name>web<\/name>/);
    assert.deepEqual([idsOf('web'), folders()], [ids, ['web']]);
    assert.ok(existsSync(join(parts.store.folder('web'), '105.conf')));
    await engine.start('web');
    await engine.destroy('web');
    // Its old name is free, its new one is not.
    await engine.define(xmlOf('other'));
    await assert.rejects(engine.rename('other', 'web'), {
      code: 'exists',
      message: /in use by domain 'web'/,
    });
    await assert.rejects(engine.rename('other', 'other'), { code: 'invalid' });
    await assert.rejects(engine.rename('other', 'a/b'), { code: 'invalid' });
    await engine.rename('other', 'oth er');
    await engine.undefine('oth er', { storage: true });
    // A number is its CTID, which nobody else has.
    await engine.define(xmlOf('plain', '', 'openvz'));
    await engine.define(xmlOf('numbered', '', 'openvz'));
    const { ctid } = engine.summary('numbered');
    await assert.rejects(engine.rename('plain', String(ctid)), { code: 'exists', message: /CTID/ });
    assert.equal((await engine.rename('plain', '700')).ctid, 700);
    for (const name of ['700', 'numbered']) await engine.undefine(name, { storage: true });
    await engine.close();
    await open();
    assert.equal(opened.engine.summary('web').uuid, uuid(2));
    assert.deepEqual(idsOf('web'), ids);
    await opened.engine.undefine('web', { storage: true });
    assert.deepEqual(folders(), []);
  },
);

test('two that are renamed to each other’s names, and what waits meanwhile, end', options, async () => {
  const { engine, parts } = opened;
  for (const name of ['one', 'two']) await engine.define(xmlOf(name));
  const { uuid: one } = engine.summary('one');
  const results = await Promise.allSettled([
    engine.rename('one', 'new'),
    engine.start('one'),
    engine.rename('two', 'one'),
    engine.rename('one', 'two'),
    engine.define(xmlOf('new')),
    engine.destroy('one'),
  ]);
  assert.equal(results[0]?.status, 'fulfilled');
  assert.equal(results[1]?.status, 'fulfilled', 'what was asked of it by its old name is done to it');
  assert.equal(engine.summary(one).name, 'new');
  await parts.queue.idle();
  for (const { uuid: domain, state } of engine.list()) {
    if (state !== 'shutoff') await engine.destroy(domain);
    await engine.undefine(domain, { storage: true });
  }
  assert.deepEqual(folders(), []);
});

test(
  'what a domain left that another host has goes after a day, and nothing else does',
  options,
  async () => {
    const { engine, parts } = opened;
    for (const { name } of engine.roots.list()) await engine.roots.erase(name);
    const given = { version: 1, job: 'j', to: 'ctvirt+ssh://far/', keeper: 'given', ran: false };
    for (const [name, moving] of [
      ['moved', { ...given, answered: true }],
      ['silent', given],
      ['own', undefined],
    ] as const) {
      await engine.define(xmlOf(name));
      if (moving !== undefined)
        writeFileSync(join(layout.roots, name, 'moving.json'), JSON.stringify(moving));
      await engine.undefine(name);
    }
    const all = engine.roots.list();
    const moved = all.find(({ domain }) => domain === 'moved');
    const at = Date.parse(moved?.keptAt ?? '') + 24 * 3_600_000;
    assert.deepEqual(all.map(({ domain, erasedAt }) => [domain, erasedAt]).sort(), [
      ['moved', new Date(at).toISOString()],
      ['own', null],
      ['silent', null],
    ]);
    await parts.roots.clearMoved(new Date(at - 1));
    assert.equal(engine.roots.list().length, 3);
    await parts.roots.clearMoved(new Date(at));
    assert.deepEqual(
      engine.roots
        .list()
        .map(({ domain }) => domain)
        .sort(),
      ['own', 'silent'],
    );
    assert.match(log.join('\n'), /root 'moved~1' is erased: another host has had domain 'moved' for a day/);
  },
);

test('what was given to another host nobody makes again here until that is taken back', options, async () => {
  const { engine } = opened;
  const given = {
    version: 1,
    job: 'j',
    to: 'ctvirt+ssh://far/',
    keeper: 'given',
    ran: false,
    answered: true,
  };
  await engine.define(xmlOf('back', withUuid(7)));
  const archive = join(root, 'back.tar');
  await engine.archives.write('back', archive);
  writeFileSync(join(layout.roots, 'back', 'moving.json'), JSON.stringify(given));
  await engine.undefine('back');
  const refused = {
    code: 'wrong-state',
    message:
      /'back' \(abcdef00-\S+7\) was given to ctvirt\+ssh:\/\/far\/, .* since 20.*--new-ids.*migrate back --keeper here/,
  };
  await engine.define(xmlOf('other'));
  const [kept] = engine.roots.list().filter(({ domain }) => domain === 'back');
  assert.ok(kept);
  for (const again of [
    () => engine.define(xmlOf('back', withUuid(7))),
    () => engine.define(xmlOf('renamed', withUuid(7))),
    () => engine.create(xmlOf('back', withUuid(7))),
    () => engine.archives.import(archive),
    () => engine.archives.import(archive, { name: 'renamed' }),
    () => engine.roots.adopt(kept.name, 'other'),
  ])
    await assert.rejects(again, refused);
  assert.deepEqual(
    engine.list().map(({ name }) => name),
    ['other'],
  );
  // Another one is another one.
  await engine.archives.import(archive, { newIds: true });
  await engine.undefine('back', { storage: true });
  await engine.define(xmlOf('back', withUuid(8)));
  await engine.undefine('back', { storage: true });
  await engine.undefine('other', { storage: true });
  // Taken back it is as any that was kept: nothing erases it.
  await engine.moves.resolve('back', 'here');
  await assert.rejects(engine.moves.resolve('back', 'here'), { code: 'not-found' });
  assert.equal(engine.roots.list().find(({ name }) => name === kept.name)?.erasedAt, null);
  await engine.define(xmlOf('back', withUuid(7)));
  await engine.undefine('back', { storage: true });
});

test(
  'one whose files cannot all be erased yet is gone: whoever listens is told, and its ids are free',
  options,
  async () => {
    const { engine, parts } = opened;
    await engine.define(xmlOf('g', withUuid(7)));
    const ids = idsOf('g');
    const told: string[] = [];
    const stop = parts.events.listen(({ event, detail }) => void told.push(`${event} ${detail}`));
    const there = new Set(folders());
    // No host has that volume, so that it cannot be removed before the folder.
    writeFileSync(join(layout.roots, 'g', 'more.lvm'), 'ctvirt-none/volume\n\n');
    await assert.rejects(engine.undefine('g', { storage: true }), /it is gone, but not all of its files/);
    stop();
    assert.deepEqual(told, ['undefined removed']);
    assert.equal(parts.registry.lookFor('g'), undefined);
    for (const left of folders().filter((name) => !there.has(name)))
      rmSync(join(layout.roots, left), { recursive: true });
    assert.equal(parts.ids.sharers('', 'uid', { first: ids?.start ?? 0, count: 1 }), undefined);
  },
);
