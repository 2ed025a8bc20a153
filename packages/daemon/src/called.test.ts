// What people call a domain, a network or a filter by finds one: no name is another's UUID, whichever way it comes about.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryEngine, sampleXml } from './testing/memory-engine.js';

const theirs = '0b5bd0a2-4dd5-4a0b-9d9c-2f7a5d2f6a01';
const free = '0b5bd0a2-4dd5-4a0b-9d9c-2f7a5d2f6a02';
const withUuid = (name: string, uuid: string): string =>
  sampleXml(name).replace('</name>', `</name><uuid>${uuid}</uuid>`);

test('no domain is named as another one’s UUID, nor has a UUID that another one is named', async (t) => {
  const engine = await memoryEngine(t);
  await engine.templates.buildBusybox('busybox');
  await engine.define(withUuid('victim', theirs));
  await engine.define(sampleXml('mine'));
  const taken = { code: 'exists', message: /the UUID of domain 'victim', which it would be taken for/ };
  for (const name of [theirs, theirs.toUpperCase()]) {
    const ways: readonly (() => Promise<unknown>)[] = [
      () => engine.define(sampleXml(name)),
      () => engine.create(sampleXml(name)),
      () => engine.defineFrom({ name, template: 'busybox' }, { dryRun: false }),
      () => engine.defineFrom({ name, template: 'busybox' }, { dryRun: true }),
      () => engine.rename('mine', name),
      () => engine.archives.clone('mine', name),
    ];
    for (const way of ways) await assert.rejects(way, taken, String(way));
  }
  // Nor the other way round; its own UUID may be its name, as Virtuozzo has it.
  await engine.define(withUuid(free.toUpperCase(), free));
  await engine.define(withUuid(free.toUpperCase(), free));
  await engine.define(sampleXml('0B5BD0A2-4dd5-4a0b-9d9c-2f7a5d2f6a03'));
  await assert.rejects(engine.define(withUuid('late', '0b5bd0a2-4dd5-4a0b-9d9c-2f7a5d2f6a03')), {
    code: 'exists',
    message: /is the name of another domain/,
  });
  assert.equal(engine.summary(theirs).name, 'victim');
  assert.equal(engine.summary(free).uuid, free);
  await engine.rename('mine', 'ours');
});

test('nor are networks and filters', async (t) => {
  const { networks, filters } = await memoryEngine(t);
  await networks.define(`<network><name>victim</name><uuid>${theirs}</uuid></network>`);
  await assert.rejects(networks.define(`<network><name>${theirs}</name></network>`), { code: 'exists' });
  await networks.define(`<network><name>${free}</name></network>`);
  await assert.rejects(networks.define(`<network><name>late</name><uuid>${free}</uuid></network>`), {
    code: 'exists',
  });
  await networks.define(`<network><name>victim</name><uuid>${theirs}</uuid></network>`);
  await filters.define(`<filter name='victim'><uuid>${theirs}</uuid></filter>`);
  await assert.rejects(filters.define(`<filter name='${theirs}'/>`), { code: 'exists' });
  await filters.define(`<filter name='victim'><uuid>${theirs}</uuid></filter>`);
});
