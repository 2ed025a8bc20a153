// Looks at what runs: what goes wrong is an error of the log, an end meanwhile is not.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseDomain } from '@ctvirt/xml';
import { MemoryRun } from '../drivers/memory/driver.js';
import { notRunning } from '../errors.js';
import { Registry } from '../registry/registry.js';
import { KeyedQueue } from '../state/queue.js';
import { domainRecord } from '../testing/record.js';
import { readSince } from './grace-file.js';
import { Quotas } from './quotas.js';

const keep = mkdtempSync(join(tmpdir(), 'ctvirt-quotas-'));
after(() => rmSync(keep, { recursive: true }));

const domain =
  parseDomain(`<domain type='lxc'><name>web</name><os><type>exe</type></os><devices><filesystem type='template'>
  <source name='t'/><target dir='/'/><space_hard_limit unit='MiB'>64</space_hard_limit>
  <space_soft_limit unit='MiB'>32</space_soft_limit></filesystem></devices></domain>`).domain ??
  assert.fail();

/** Of which nothing tells what it holds. */
class Silent extends MemoryRun {
  constructor(private readonly error: Error) {
    super(1, domain);
  }
  override usage(): Promise<never> {
    return Promise.reject(this.error);
  }
}

function open() {
  const told: string[] = [];
  const queue = new KeyedQueue();
  const quotas = new Quotas({
    queue,
    entries: () => [],
    document: async () => domain,
    kept: () => ({ keep, templatePath: (name) => name, layerOf: () => ({ layer: 'image' }) }),
    mounts: keep,
    log: (level, message) => void told.push(`${level}: ${message}`),
  });
  const registry = new Registry();
  const entry = registry.add(
    { ...domainRecord({ template: 't', templates: ['t'] }), ids: { start: 65536, count: 65536 } },
    'running',
    'booted',
  );
  return { told, queue, quotas, registry, entry };
}

test('a domain that ends while it is looked at is no error', async () => {
  const { told, queue, quotas, registry, entry } = open();
  for (const error of [notRunning('web'), new Error('no memory')]) {
    registry.setRun(entry, new Silent(error));
    quotas.lookLater(entry);
    await queue.idle();
  }
  assert.deepEqual(told, ["error: quota of domain 'web': Error: no memory"]);
});

test('beside a turn it is read, and in one something comes of it', async () => {
  const { quotas, registry, entry } = open();
  const MIB = 1 << 20;
  class Full extends MemoryRun {
    override usage = async () => ({ bytes: 48 * MIB, inodes: 1 });
  }
  registry.setRun(entry, new Full(1, domain));
  for (const beside of [true, false]) {
    const [root] = (await quotas.report(entry, { beside })).filesystems;
    assert.equal(root?.space.used, 48 * MIB);
    assert.equal(root.space.state, 'over');
    assert.equal(Object.keys(await readSince(keep)).length, beside ? 0 : 1);
  }
});
