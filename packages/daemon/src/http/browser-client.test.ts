// The client that browsers have, against the daemon's own server over TCP.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DomainEvent, Progress } from '@ctvirt/api';
import { ApiError, createClient } from '@ctvirt/api/browser';
import { until } from '@ctvirt/api/testing';
import { archive, file } from '@ctvirt/engine/testing';
import { pino } from 'pino';
import { memoryEngine, promisedTooMuch, sampleXml } from '../testing/memory-engine.js';
import { hearing } from './remarks.js';
import { createHttpApp } from './server.js';

test('a client over fetch defines, starts, uploads and listens as any other', async (t) => {
  const engine = await memoryEngine(
    t,
    hearing(() => undefined),
  );
  const app = createHttpApp(engine, pino({ level: 'silent' }));
  t.after(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const remarks: string[] = [];
  const client = createClient(url, { onRemark: (remark) => remarks.push(remark) });

  const over = new AbortController();
  const heard: DomainEvent[] = [];
  const events = await client.events.watch({}, { signal: over.signal });
  const listening = (async () => {
    for await (const event of events) if (event.event !== 'gap') heard.push(event);
  })();

  await client.domains.define({ body: sampleXml('web', promisedTooMuch) });
  assert.equal((await client.domains.start({ domain: 'web' })).state, 'running');
  assert.match(remarks.join(), /^this host cannot keep what domain 'web' is promised: /);
  assert.match(await client.domains.xml({ domain: 'web' }), /<name>web<\/name>/);

  const phases: Progress[] = [];
  const upload = archive(file('etc/motd'));
  const template = await client.templates.upload(
    { template: 'up', body: new Blob([upload]) },
    { onProgress: (progress) => phases.push(progress) },
  );
  assert.equal(template.sizeBytes, upload.length);
  assert.ok(phases.length > 1);

  await until(() => heard.length === 2, 'an event is missing');
  over.abort();
  await listening;
  assert.deepEqual(
    heard.map(({ event }) => event),
    ['defined', 'started'],
  );
  await until(() => engine.listeners() === 0, 'somebody listens');

  await client.domains.destroy({ domain: 'web' });
  await client.domains.undefine({ domain: 'web' });
  await assert.rejects(client.domains.info({ domain: 'web' }), (error) => {
    assert.ok(error instanceof ApiError);
    return error.code === 'not-found';
  });
});
