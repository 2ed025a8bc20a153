// A template that came to a host with a domain is the same as where it came from.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { placedHere } from '../moves/templates.js';
import { layoutOf } from '../state/layout.js';
import { emptyDigest } from '../templates/empty.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const roots: string[] = [];
after(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'cvt'));
  chmodSync(root, 0o755);
  roots.push(root);
  return root;
}

async function host() {
  const layout = layoutOf(newRoot());
  const driver = new MemoryDriver({ documentPath: documentPathIn(layout), isObedient: true });
  return await openMemoryEngine(layout, driver, () => undefined);
}

const xml =
  "<domain type='lxc'><name>a</name><memory unit='MiB'>64</memory><os><type>exe</type></os>" +
  "<devices><filesystem type='template'><source name='t'/><target dir='/'/></filesystem></devices></domain>";

test('one that came with an archive is found by later archives and moves, by its tree', options, async () => {
  const there = await host();
  const here = await host();
  try {
    await there.engine.templates.buildBusybox('t');
    await there.engine.define(xml);
    const files = newRoot();
    const [whole, plain] = [join(files, 'whole.tar'), join(files, 'plain.tar')];
    await there.engine.archives.write('a', whole, { withTemplate: true });
    await there.engine.archives.write('a', plain);
    await here.engine.archives.import(whole, { newIds: true, name: 'first' });
    await here.engine.archives.import(plain, { newIds: true, name: 'second' });
    await here.engine.archives.import(whole, { newIds: true, name: 'third' });
    const { digest } = await there.engine.templates.get('t');
    const [only, ...more] = await here.engine.templates.list();
    assert.deepEqual([only?.usedBy, more], [['first', 'second', 'third'], []]);
    // It is none of what the archive says that it was made of.
    assert.notEqual(only?.digest, digest);
    assert.equal(await here.parts.templates.ofDigest(digest, 't'), undefined);
    const tree = await there.parts.templates.treeOf('t');
    assert.equal((await here.parts.templates.ofDigest(digest, 'other', tree))?.name, 't');
    const layers = [{ target: '/', template: 't', digest, tree }];
    const offer = { version: 1, job: 'j', xml, ctid: null, autostart: false, start: false, layers };
    assert.deepEqual([...(await placedHere(offer, here.parts.templates)).lacking], []);
    // Who only looks makes none.
    const bare = { ...offer, layers: [{ target: '/', template: 'empty', digest: emptyDigest }] };
    assert.deepEqual([...(await placedHere(bare, here.parts.templates, { isLook: true })).lacking], []);
    assert.equal((await here.engine.templates.list()).length, 1);
    // And back again.
    const back = join(files, 'back.tar');
    await here.engine.archives.write('second', back);
    await there.engine.archives.import(back);
    assert.deepEqual((await there.engine.templates.get('t')).usedBy, ['a', 'second']);
  } finally {
    await there.engine.close();
    await here.engine.close();
  }
});
