// What is known of everything at once, without a look at any run and without anybody's turn.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const documentOf = (name: string, more = ''): string =>
  `<domain type='lxc'><name>${name}</name>${more}<os><type>exe</type></os><devices>` +
  "<filesystem type='ram'><source usage='1048576'/><target dir='/'/></filesystem></devices></domain>";

/** Runs of this driver answer no question about their inside: who asks one fails. */
async function withEngine(work: (world: Awaited<ReturnType<typeof openMemoryEngine>>) => Promise<void>) {
  const root = mkdtempSync(join(tmpdir(), 'cvo'));
  chmodSync(root, 0o755);
  const layout = layoutOf(root);
  const world = await openMemoryEngine(
    layout,
    new MemoryDriver({ documentPath: documentPathIn(layout), isObedient: true }),
  );
  try {
    await work(world);
  } finally {
    await world.engine.close();
    rmSync(root, { recursive: true });
  }
}

test('nothing is asked of runs, and before the first look only what needs none is told', options, () =>
  withEngine(async ({ engine }) => {
    await engine.define(
      documentOf(
        'web',
        "<memory unit='MiB'>512</memory><vcpu>2</vcpu><memtune><min_guarantee unit='MiB'>64</min_guarantee></memtune>",
      ),
    );
    await engine.define(documentOf('old'));
    await engine.start('web');
    const { domains, ledger, admissions } = await engine.overview();
    const [web, old] = ['web', 'old'].map((name) => domains.find((domain) => domain.name === name));
    assert.deepEqual(
      { ...web?.run, delivery: web?.run?.delivery?.memory.allocationBytes },
      {
        ...{ maximumMemoryKiB: 524_288, maximumVcpus: 2, currentVcpus: 2, delivery: 64 * 2 ** 20 },
        ...{ links: [], filesystems: [], beancounters: [], seen: null },
      },
    );
    assert.equal(old?.run, null);
    assert.deepEqual(old?.snapshots, { count: 0, lastAt: null, nextAt: null });
    assert.equal(ledger.find(({ resource }) => resource === 'allocation')?.guaranteed, 64 * 2 ** 20);
    assert.ok(admissions.kept > 0);
  }),
);

test('nobody is waited for who has the turn of a domain', options, () =>
  withEngine(async ({ engine, parts }) => {
    await engine.define(documentOf('web'));
    await engine.start('web');
    let release = (): void => undefined;
    const turn = parts.queue.run('web', () => new Promise<void>((resolve) => (release = resolve)));
    const { domains } = await engine.overview();
    assert.equal(domains.length, 1);
    release();
    await turn;
  }),
);

test(
  'schedules have their next time, and jobs are counted by how they ended until their domain is gone',
  options,
  () =>
    withEngine(async ({ engine, parts }) => {
      await engine.define(
        documentOf(
          'web',
          "<metadata><ctvirt:schedule xmlns:ctvirt='urn:ctvirt:schedule:1' snapshots='@daily' backups='@hourly'/></metadata>",
        ),
      );
      const { domains, arch } = await engine.overview();
      // As uname and libvirt have it, and not Node.
      assert.equal(arch, machine());
      const [web] = domains;
      assert.ok(web?.snapshots.nextAt && web.snapshots.nextAt > new Date());
      assert.ok(web.backup.nextAt !== null && web.backup.state === 'waiting');
      const entry = parts.registry.byUuid(web.uuid);
      assert.ok(entry);
      await parts.jobs.run(entry, 'snapshot', async () => undefined);
      await assert.rejects(parts.jobs.run(entry, 'backup', () => Promise.reject(new Error('no disk'))));
      await assert.rejects(parts.jobs.run(entry, 'backup', () => Promise.reject(new Error('no disk'))));
      const ended = (await engine.overview()).endedJobs;
      assert.deepEqual(
        ended.map(({ of: { domain, kind, state }, count }) => [domain, kind, state, count]),
        [
          ['web', 'snapshot', 'done', 1],
          ['web', 'backup', 'failed', 2],
        ],
      );
      await engine.rename('web', 'shop');
      const renamed = (await engine.overview()).endedJobs;
      assert.deepEqual(new Set(renamed.map(({ of: { domain } }) => domain)), new Set(['shop']));
      await engine.undefine('shop');
      assert.deepEqual((await engine.overview()).endedJobs, []);
    }),
);
