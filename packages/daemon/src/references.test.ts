// Nobody is hit who was not meant: domains that are called like numbers, ids, CTIDs and UUIDs of others, by both doors.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type DomainSummary } from '@ctvirt/api';
import type { ApiClient } from '@ctvirt/api/node';
import type { Connection } from '@ctvirt/rpc';
import fc from 'fast-check';
import { type MemoryEngine, sampleXml } from './testing/memory-engine.js';
import { serve } from './testing/serve.js';
import { serveLibvirtInMemory } from './testing/serve-libvirt.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const uuids = [1, 2, 3, 4, 5].map((at) => `abcdef00-0000-4000-8000-00000000000${at}`);
/** Ids of runs begin at 1001, CTIDs at 101. */
const numbers = ['101', '102', '103', '0101', '1001', '1002', '1003', '1005', '01001'];
const names = [...numbers, ...uuids, ...uuids.map((uuid) => uuid.toUpperCase()), 'web'];
const references = [...names, '104', '1004', '1006', '1007', 'nobody'];

const step = fc.record({
  what: fc.nat(),
  reference: fc.constantFrom(...references),
  name: fc.constantFrom(...names),
  uuid: fc.constantFrom(...uuids),
  type: fc.constantFrom('lxc', 'openvz'),
});

/** All that a verb could change of a domain. */
async function stateOf(engine: MemoryEngine): Promise<Map<string, string>> {
  const found = engine.list().map(async ({ id: _id, ...domain }) => {
    const xml = await engine.xml(domain.uuid, { inactive: true });
    return [domain.uuid, JSON.stringify([domain, xml])] as const;
  });
  return new Map(await Promise.all(found));
}

/** Whom a person means: a UUID is a UUID, a name is a name, and a number that is neither is an id. */
const meant = (domains: readonly DomainSummary[], reference: string): DomainSummary | undefined =>
  domains.find(({ uuid }) => uuid === reference.toLowerCase()) ??
  domains.find(({ name }) => name === reference) ??
  domains.find(({ id }) => String(id) === reference);

/** One that was asked to shut down ends in its own time, and is forgotten then where its definition is gone. */
async function settled(engine: MemoryEngine, uuid: string | undefined): Promise<void> {
  for (let same = 0, before = ''; same < 3; ) {
    const one = engine.list().find((domain) => domain.uuid === uuid);
    if (one === undefined) return;
    const isGoing = one.state === 'shutoff' && !one.persistent;
    const now = one.state;
    same = now === before && !isGoing ? same + 1 : 0;
    before = now;
    await sleep(2);
  }
}

/** Does it, and returns whom it changed; it fails if that is anybody but `target`. */
async function hits(
  engine: MemoryEngine,
  target: DomainSummary | undefined,
  operation: () => Promise<unknown>,
): Promise<void> {
  const before = await stateOf(engine);
  try {
    await operation();
    assert.ok(target !== undefined, 'what nobody is called is refused');
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    if (target === undefined && error instanceof ApiError) assert.equal(error.code, 'not-found');
  }
  await settled(engine, target?.uuid);
  const after = await stateOf(engine);
  for (const uuid of new Set([...before.keys(), ...after.keys()]))
    if (uuid !== target?.uuid) assert.equal(after.get(uuid), before.get(uuid), 'another one was hit');
}

const define = (engine: MemoryEngine, { name, uuid, type }: { name: string; uuid: string; type: string }) =>
  engine
    .define(sampleXml(name, `<uuid>${uuid}</uuid>`).replace("type='lxc'", `type='${type}'`))
    .catch(() => undefined);

const ofHttp: readonly ((client: ApiClient, domain: string, name: string) => Promise<unknown>)[] = [
  ({ domains }, domain) => domains.start({ domain }),
  ({ domains }, domain) => domains.start({ domain }),
  ({ domains }, domain) => domains.destroy({ domain }),
  ({ domains }, domain) => domains.shutdown({ domain, waitMs: 5000 }),
  ({ domains }, domain) => domains.reboot({ domain }),
  ({ domains }, domain) => domains.suspend({ domain }),
  ({ domains }, domain) => domains.resume({ domain }),
  ({ domains }, domain) => domains.autostart({ domain, body: { autostart: true } }),
  ({ domains }, domain) => domains.undefine({ domain }),
  ({ domains }, domain) => domains.undefine({ domain, storage: true }),
  ({ domains }, domain, name) => domains.rename({ domain, body: { name } }),
  ({ domains }, domain) =>
    domains.setParameters({ domain, body: { values: { numproc: '77' }, stored: true } }),
];

/** Each answers whose it is. */
const looks: readonly ((client: ApiClient, domain: string) => Promise<string | undefined>)[] = [
  async ({ domains }, domain) => (await domains.summary({ domain })).uuid,
  async ({ domains }, domain) => (await domains.info({ domain })).uuid,
  async ({ domains }, domain) => /<uuid>(.*)<\/uuid>/.exec(await domains.xml({ domain }))?.[1],
  async ({ beancounters }, domain) => (await beancounters.show({ domain })).uuid,
  async ({ traffic }, domain) => (await traffic.list({ domain })).find((one) => one.defined)?.uuid,
];

test('over HTTP every verb hits whom its reference means, whatever others are called', options, async (t) => {
  const { engine, client } = await serve(t);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (steps) => {
      for (const one of steps) {
        if (one.what % 3 === 0) await define(engine, one);
        const target = meant(engine.list(), one.reference);
        for (const look of looks) {
          const found = await look(client, one.reference).catch(() => undefined);
          assert.equal(found, target?.uuid, 'another one is shown');
        }
        const verb = ofHttp[one.what % ofHttp.length] ?? assert.fail();
        await hits(engine, target, async () => {
          const answer = await verb(client, one.reference, one.name);
          if (typeof answer === 'object' && answer !== null && 'uuid' in answer)
            assert.equal(answer.uuid, target?.uuid, 'it says whom it hit');
        });
      }
      await clear(engine);
    }),
    { numRuns: 30 },
  );
});

type Wire = Awaited<ReturnType<Connection['domainLookupByName']>>;

const ofLibvirt: readonly ((dom: Wire, name: string) => Promise<unknown>)[] = [
  (dom) => dom.create(),
  (dom) => dom.create(),
  (dom) => dom.destroy(),
  (dom) => dom.shutdown(),
  (dom) => dom.suspend(),
  (dom) => dom.resume(),
  (dom) => dom.setAutostart({ autostart: 1 }),
  (dom) => dom.undefine(),
  (dom, newName) => dom.rename({ newName, flags: 0 }),
];

test("over libvirt's protocol a name is a name, an id an id, and a UUID a UUID", options, async (t) => {
  const { engine, connect } = await serveLibvirtInMemory(t);
  const connection = await connect();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (steps) => {
      for (const one of steps) {
        if (one.what % 3 === 0) await define(engine, one);
        const domains = engine.list();
        const isId = /^\d{4}$/.test(one.reference) && one.what % 2 === 0;
        const target = isId
          ? domains.find(({ id }) => id === Number(one.reference))
          : domains.find(({ name }) => name === one.reference);
        const verb = ofLibvirt[one.what % ofLibvirt.length] ?? assert.fail();
        await hits(engine, target, async () => {
          const dom = await (isId
            ? connection.domainLookupById({ id: Number(one.reference) })
            : connection.domainLookupByName({ name: one.reference }));
          await verb(dom, one.name);
        });
      }
      await clear(engine);
    }),
    { numRuns: 30 },
  );
});

async function clear(engine: MemoryEngine): Promise<void> {
  for (const { uuid, state } of engine.list()) {
    if (state !== 'shutoff') await engine.destroy(uuid);
    // One that was undefined while it ran is gone.
    if (engine.find({ uuid }) !== undefined) await engine.undefine(uuid, { storage: true });
  }
}
