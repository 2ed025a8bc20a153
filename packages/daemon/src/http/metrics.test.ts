// What Prometheus reads over HTTP: a page of its own media type, made of what was found already, whoever asks.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { memoryEngine, sampleXml } from '../testing/memory-engine.js';
import { serve } from '../testing/serve.js';

/** Waits for the first look at what was started. */
async function untilLooked(t: TestContext, names: readonly string[]) {
  const engine = await memoryEngine(t);
  for (const name of names) {
    await engine.define(sampleXml(name));
    await engine.start(name);
  }
  for (let tries = 0; tries < 2000; tries++) {
    const { domains } = await engine.overview();
    if (domains.every(({ run }) => run?.seen !== null)) return engine;
    await delay(50);
  }
  assert.fail('nobody looks');
}

function headOf(socketPath: string, path: string): Promise<{ status: number; type: string | undefined }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path }, (answer) => {
      answer
        .resume()
        .on('end', () => resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] }));
    });
    call.on('error', reject).end();
  });
}

test('running domains are told with what the last look found, those that are off without', async (t) => {
  const engine = await untilLooked(t, ['web']);
  await engine.define(sampleXml('old'));
  const { client, socketPath } = await serve(t, engine);
  const page = await client.metrics.show();
  assert.match(page, /^ctvirt_domain_state\{domain="web",uuid="[^"]+",state="running"\} 1$/m);
  assert.match(page, /^ctvirt_domain_state\{domain="old",uuid="[^"]+",state="running"\} 0$/m);
  assert.match(page, /^ctvirt_processes\{domain="web",uuid="[^"]+"\} 3$/m);
  assert.doesNotMatch(page, /^ctvirt_processes\{domain="old"/m);
  assert.match(page, /^libvirt_domain_info_cpu_time_seconds_total\{domain="web",uuid="[^"]+"\} \d/m);
  assert.doesNotMatch(page, /^incus_/m);
  assert.deepEqual(await headOf(socketPath, '/metrics'), {
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
  });
});

test('families can be chosen, in whatever order and however often', async (t) => {
  const { client, socketPath } = await serve(t, await untilLooked(t, ['web']));
  const starts = (page: string) => [...new Set(page.match(/^[a-z]+(?=_)/gm))];
  assert.deepEqual(starts(await client.metrics.show({ families: 'incus' })), ['incus']);
  assert.deepEqual(starts(await client.metrics.show({ families: 'incus, own,own' })), ['ctvirt', 'incus']);
  await assert.rejects(client.metrics.show({ families: 'own,cadvisor' }), {
    code: 'invalid',
    message: /no 'cadvisor': it may be own, libvirt, incus/,
  });
  assert.equal((await headOf(socketPath, '/metrics?families=')).status, 422);
});

test('requests are counted by operation and status', async (t) => {
  const { client } = await serve(t);
  await client.domains.list();
  await client.domains.list();
  await assert.rejects(client.domains.info({ domain: 'nobody' }));
  const page = await client.metrics.show();
  assert.match(page, /^ctvirt_http_requests_total\{operation="domains.list",status="200"\} 2$/m);
  assert.match(page, /^ctvirt_http_requests_total\{operation="domains.info",status="404"\} 1$/m);
  assert.doesNotMatch(page, /nobody/);
});

test('names made of markup, quotes and marks of direction stay labels', async (t) => {
  const engine = await memoryEngine(t);
  await engine.define(sampleXml('&lt;img&gt;"}evil 1'));
  const { client } = await serve(t, engine);
  const page = await client.metrics.show();
  assert.match(page, /^ctvirt_domain_info\{domain="<img>\\"\}evil 1",uuid=/m);
});

test('the ledger, promises and what became of them are told', async (t) => {
  const engine = await untilLooked(t, ['web']);
  const { client } = await serve(t, engine);
  const page = await client.metrics.show();
  assert.match(page, /^ctvirt_admissions_total\{verdict="kept"\} [1-9]/m);
  assert.match(page, /^ctvirt_guarantee_capacity\{resource="cpu",unit="units"\} \d/m);
  assert.match(page, /^ctvirt_guarantee_domain_promised\{domain="web",uuid="[^"]+",resource="cpu"\} /m);
});
