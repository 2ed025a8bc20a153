// Domains on their way that do not come, or whose files on disk somebody has damaged: nothing of them is in anybody's way.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MoveOffer } from '@ctvirt/api';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };

const xml =
  "<domain type='lxc'><name>web</name><uuid>abcdef00-0000-4000-8000-000000000001</uuid><memory unit='MiB'>64</memory>" +
  "<os><type>exe</type></os><devices><filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem>" +
  '</devices></domain>';

/** A host that another one offers a domain to. */
async function host(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'cva'));
  chmodSync(root, 0o755);
  t.after(() => rmSync(root, { recursive: true }));
  const layout = layoutOf(root);
  const driver = new MemoryDriver({ documentPath: documentPathIn(layout), isObedient: true });
  const log: string[] = [];
  const daemon = () =>
    openMemoryEngine(layout, driver, (level, message) => void log.push(`${level}: ${message}`));
  const { engine, parts } = await daemon();
  await engine.templates.buildBusybox('busybox');
  const { digest } = await parts.templates.get('busybox');
  const tree = await parts.templates.treeOf('busybox');
  const offer: MoveOffer = {
    ...{ version: 1, job: 'j', from: 'far', xml, ctid: null, autostart: false, start: false },
    layers: [{ target: '/', template: 'busybox', digest, tree, bytes: 0 }],
  };
  const coming = (): string[] => readdirSync(layout.roots).filter((name) => name.startsWith('.'));
  return { engine, parts, layout, log, daemon, offer, coming };
}

test('one that is given up is no more, though not all of its files can be erased yet', options, async (t) => {
  const { engine, parts, layout, log, offer, coming } = await host(t);
  await parts.arrivals.answer({ step: 'reserve', offer });
  assert.equal(parts.jobs.list()[0]?.state, 'running');
  // No host has that volume, so that it cannot be removed before the folder.
  writeFileSync(join(layout.roots, coming()[0] ?? '', 'more.lvm'), 'ctvirt-none/volume\n\n');
  await parts.arrivals.answer({ step: 'abort', job: 'j' });
  assert.match(log.join('\n'), /warn: .*it is gone, but not all of its files are erased/);
  assert.equal(parts.registry.lookFor('web'), undefined);
  // How it ended is on the disk before it is told.
  while (parts.jobs.list()[0]?.state === 'running') await sleep(5);
  assert.equal(parts.jobs.list()[0]?.state, 'failed');
  rmSync(join(layout.roots, coming()[0] ?? '', 'more.lvm'));
  await engine.close();
});

for (const file of ['incoming.json', 'record.json', 'domain.xml', 'native.json'])
  test(
    `a daemon starts though ${file} of one that is all here is damaged, and says so`,
    options,
    async (t) => {
      const { engine, parts, layout, log, daemon, offer, coming } = await host(t);
      await parts.arrivals.answer({ step: 'reserve', offer });
      const folder = join(layout.roots, coming()[0] ?? '');
      const entry = parts.registry.find('web');
      const lease = { name: 'web', uuid: entry.record.uuid, ids: entry.record.ids, made: [], kept: false };
      const arrival = {
        state: { job: 'j', start: false, settled: false },
        record: entry.record,
        documents: { xml, native: {} },
      };
      const whole = await parts.store.keepStaged(folder, lease, arrival);
      await engine.close();
      if (file === 'domain.xml') rmSync(join(whole, 'incoming', file));
      else writeFileSync(join(whole, 'incoming', file), '{"job":');
      const next = await daemon();
      next.parts.arrivals.recover();
      assert.match(log.join('\n'), new RegExp(`error: a domain that was on its way is left: .*${file}`));
      assert.equal(next.parts.registry.lookFor('web'), undefined);
      assert.deepEqual(coming(), [`.coming-${entry.record.uuid}`]);
      await next.engine.close();
    },
  );
