// Waits for what a domain is to become, whatever its own programs do meanwhile.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { parseDomain } from '@ctvirt/xml';
import type { ExecSession } from '../contract.js';
import { MemoryRun } from '../drivers/memory/driver.js';
import { Registry } from '../registry/registry.js';
import { domainRecord } from '../testing/record.js';
import { waitFor } from './wait.js';

const { domain } = parseDomain(
  "<domain type='lxc'><name>d</name><os><type>exe</type></os><devices>" +
    "<filesystem type='ram'><source usage='1048576'/><target dir='/'/></filesystem></devices></domain>",
);

/** One in which no program ends by itself. */
class Stuck extends MemoryRun {
  left = 0;

  override async exec(): Promise<ExecSession> {
    this.left++;
    let end = (_status: number): void => undefined;
    const exited = new Promise<number>((resolve) => {
      end = resolve;
    });
    const kill = (): void => {
      this.left--;
      end(137);
    };
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    return { stdin, stdout, stderr, exited, kill, resize: () => undefined, signal: () => undefined };
  }
}

test('a shell inside that never answers keeps nobody waiting beyond his time', async () => {
  const registry = new Registry();
  const entry = registry.add(domainRecord({ name: 'd' }), 'running', 'booted');
  const run = new Stuck(1, domain ?? assert.fail());
  registry.setRun(entry, run);
  const parts = { turns: { find: () => entry }, events: { listen: () => () => undefined } };
  await assert.rejects(waitFor('d', { for: 'booted', timeoutMs: 200 }, parts), { code: 'timeout' });
  assert.equal(run.left, 0);
});

for (const state of ['running', 'shutoff'] as const)
  test(`who leaves while it is ${state} is waited for no more`, async () => {
    const registry = new Registry();
    const entry = registry.add(domainRecord({ name: 'd' }), state, 'booted');
    let listeners = 0;
    const listen = () => {
      listeners++;
      return () => void listeners--;
    };
    const gone = AbortSignal.timeout(50);
    const parts = { turns: { find: () => entry }, events: { listen }, gone };
    await assert.rejects(waitFor('d', { for: 'booted', timeoutMs: 60_000 }, parts), { code: 'interrupted' });
    assert.equal(listeners, 0);
  });
