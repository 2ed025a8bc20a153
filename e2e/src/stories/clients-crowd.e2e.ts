// A hundred clients at once, some of them living domains' lives: nothing surprises, and the daemon does not grow.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { clientOptions } from '../world/client-program.js';
import { run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { growthOf, memoryOf } from '../world/memory.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  // A heap that is collected often: what is still held is then told from what is only not collected yet.
  world = await World.open({ env: { NODE_OPTIONS: '--max-old-space-size=40' } });
});
after(() => world.close());

/** Errors a domain's life may meet when others live it too: it runs already, or not any more. */
const expected = new Set([55, 42, 87]);

interface Calls {
  close(): Promise<void>;
  domainLookupByName(args: {
    name: string;
  }): Promise<Calls & Record<string, (args?: object) => Promise<unknown>>>;
  listAllDomains(args: object): Promise<unknown[]>;
  getAllDomainStats(args: object): Promise<unknown[]>;
}

test('a hundred connections live and ask at once, and nothing grows', async (t) => {
  const seconds = Number(process.env['CTVIRT_CLIENTS_SECONDS'] ?? 10);
  const { connect, RpcError } = await import(
    new URL('../../../packages/rpc/dist/index.js', import.meta.url).href
  );
  const domains = Array.from({ length: 10 }, (_, at) => `life${at}`);
  for (const name of domains) await world.define(domainXml({ name }));
  const descriptors = (): number => readdirSync(`/proc/${world.daemonPid}/fd`).length;
  const until = { time: performance.now() + 2000 };
  let calls = 0;
  const surprises: string[] = [];
  const steps = ['create', 'getInfo', 'suspend', 'getState', 'resume', 'getXmlDesc', 'destroy'] as const;

  const client = async (number: number): Promise<void> => {
    const connection = (await connect(world.uri('ctvirt'))) as Calls;
    try {
      const domain = await connection.domainLookupByName({ name: domains[number % domains.length] ?? '' });
      for (let step = number; performance.now() < until.time; step++) {
        const name =
          number < 20 ? (steps[step % steps.length] ?? 'getInfo') : number % 2 === 0 ? 'getInfo' : 'list';
        try {
          if (name === 'list') await connection.listAllDomains({ needResults: 1, flags: 0 });
          else await domain[name]?.(name === 'getXmlDesc' || name === 'getState' ? { flags: 0 } : undefined);
          calls++;
        } catch (error) {
          const code =
            error instanceof RpcError ? (error as { details?: { code: number } }).details?.code : undefined;
          if (code === undefined || !expected.has(code)) surprises.push(`${name}: ${String(error)}`);
        }
      }
    } finally {
      await connection.close();
    }
  };
  const round = () => Promise.all(Array.from({ length: 100 }, (_, number) => client(number)));
  await round(); // warm
  await settle();
  const before = descriptors();
  const memory: number[] = [];
  const reading = setInterval(() => memory.push(memoryOf(world)), seconds * 10);
  until.time = performance.now() + seconds * 1000;
  await round().finally(() => clearInterval(reading));
  await settle();
  const now = descriptors();
  t.diagnostic(`${calls} calls; descriptors ${before}, then ${now}; memory in KiB: ${memory.join(' ')}`);
  assert.deepEqual(surprises.slice(0, 5), []);
  assert.ok(now <= before + 5, 'descriptors grow');
  assert.ok(memory.length >= 20, `${memory.length} readings of the daemon’s memory`);
  assert.deepEqual(growthOf(memory, 8), []);
  await world.clear();

  async function settle(): Promise<void> {
    await waitFor('the connections to be gone', async () => {
      const { stdout } = await run(['virsh', '-c', world.uri('ctvirt'), 'list', '--name'], clientOptions);
      for (const name of stdout.split('\n').filter((line) => line !== ''))
        await run(['virsh', '-c', world.uri('ctvirt'), 'destroy', name], clientOptions);
      return stdout.trim() === '';
    });
  }
});
