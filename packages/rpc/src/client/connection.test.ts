// The client against a real libvirtd: objects, events, streams, errors, transports.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RpcError } from '../errors.js';
import { errorCodes } from '../protocol/numbers.js';
import { type Libvirtd, noLibvirtd, startLibvirtd } from '../testing/libvirtd.js';
import { fromTypedParams } from '../typed-params.js';
import { type Connection, connect } from './connection.js';
import type { Domain } from './object-methods.js';

const domainXml = (name: string) =>
  `<domain type='test'><name>${name}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`;

function withCode(code: RpcError['code'], number?: number): (error: unknown) => boolean {
  return (error) =>
    error instanceof RpcError &&
    error.code === code &&
    (number === undefined || error.details?.code === number);
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a connection to libvirtd', { skip: noLibvirtd }, () => {
  let daemon: Libvirtd;
  let connection: Connection;
  before(async () => {
    daemon = await startLibvirtd();
    connection = await connect(daemon.uri);
  });
  after(async () => {
    await connection.close();
    await daemon[Symbol.asyncDispose]();
  });

  async function fresh(name: string): Promise<Domain> {
    return await connection.domainDefineXml({ xml: domainXml(name) });
  }

  test('answers for itself and its host', async () => {
    assert.equal(await connection.getType(), 'TEST');
    assert.ok((await connection.getLibVersion()) >= 9_000_000n);
    assert.match(await connection.getCapabilities(), /<capabilities>/);
    const info = await connection.nodeGetInfo();
    assert.equal(info.model, 'i686');
    assert.equal(info.cpus, 16);
  });

  test('lists domains as objects with methods', async () => {
    const domains = await connection.listAllDomains();
    const domain = domains.find(({ name }) => name === 'test');
    assert.ok(domain);
    assert.deepEqual(Object.keys(domain), ['name', 'uuid', 'id']);
    assert.equal(domain.uuid, '6695eb01-f6a4-8304-79aa-97f2502e193f');
    assert.match(await domain.getXmlDesc(), /<domain type='test' id='1'>/);
    assert.deepEqual(await domain.getState(), { state: 1, reason: 0 });
    const info = await domain.getInfo();
    assert.equal(info.maxMem, 8_388_608n);
    assert.equal(await domain.getAutostart(), 0);
  });

  test('starts, changes and removes a domain', async () => {
    const domain = await fresh('life');
    assert.equal(domain.id, -1);
    const started = await domain.start();
    assert.ok(started.id > 0);
    await started.suspend();
    assert.equal((await started.getState()).state, 3);
    await started.resume();
    await started.setAutostart({ autostart: 1 });
    assert.equal(await started.getAutostart(), 1);
    await started.destroy();
    await domain.undefine();
    await assert.rejects(
      connection.domainLookupByName({ name: 'life' }),
      withCode('libvirt', errorCodes.noDomain),
    );
  });

  test('reads typed parameters', async () => {
    const domain = await connection.domainLookupByName({ name: 'test' });
    const params = await domain.getSchedulerParameters({ nparams: 1 });
    assert.deepEqual(params, [{ field: 'weight', type: 'uint', value: 50 }]);
    const [stats] = await connection.getAllDomainStats({ doms: [domain], stats: 0 });
    assert.ok(stats);
    assert.equal(stats.dom.name, 'test');
    assert.equal(fromTypedParams(stats.params)['state.state'], 1);
  });

  test('brings events of one object, and stops when the loop is left', async () => {
    const domain = await fresh('eventful');
    const other = await fresh('other');
    const seen: string[] = [];
    const events = connection.events('domain', 'lifecycle', { subject: domain });
    const reading = (async () => {
      for await (const { dom, event, detail } of events) {
        seen.push(`${dom.name} ${event} ${detail}`);
        if (event === 5) {
          assert.deepEqual(await dom.getState(), { state: 5, reason: 2 });
          return;
        }
      }
    })();
    // The registration is on its way before these calls, on one connection in order.
    await other.create();
    await domain.create();
    await domain.suspend();
    await domain.resume();
    await domain.destroy();
    await reading;
    assert.deepEqual(seen, ['eventful 2 0', 'eventful 3 0', 'eventful 4 0', 'eventful 5 1']);
    await other.destroy();
    await domain.undefine();
    await other.undefine();
  });

  test('a signal ends the wait for events', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    for await (const event of connection.events('network', 'lifecycle', { signal: stop.signal }))
      assert.fail(`nothing happens to networks here, but ${JSON.stringify(event)}`);
  });

  test('downloads through a stream', async () => {
    const domain = await connection.domainLookupByName({ name: 'test' });
    const stream = await domain.screenshot({ screen: 0 });
    const picture = await bytesOf(stream);
    assert.equal(picture.subarray(1, 4).toString(), 'PNG');
    const { stream: again, result } = await connection.client.open('domainScreenshot', {
      dom: domain,
      screen: 0,
      flags: 0,
    });
    assert.equal(result.mime, 'image/png');
    assert.deepEqual(await bytesOf(again), picture);
  });

  test('a stream left early leaves the connection usable', async () => {
    const domain = await connection.domainLookupByName({ name: 'test' });
    for (let round = 0; round < 20; round++) (await domain.screenshot({ screen: 0 })).destroy();
    assert.equal(await domain.isActive(), 1);
  });

  test('many calls at once are matched with their replies', async () => {
    const domain = await connection.domainLookupByName({ name: 'test' });
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, at) =>
        at % 3 === 0 ? domain.getInfo() : at % 3 === 1 ? domain.getOsType() : connection.getHostname(),
      ),
    );
    for (const [at, answer] of answers.entries())
      assert.equal(typeof answer, at % 3 === 0 ? 'object' : 'string');
  });

  test('errors have the numbers of libvirt', async () => {
    await assert.rejects(
      connection.domainLookupByName({ name: 'absent' }),
      withCode('libvirt', errorCodes.noDomain),
    );
    const broken = connection.domainDefineXml({ xml: '<domain' });
    await assert.rejects(broken, withCode('libvirt', errorCodes.xmlDetail));
    await assert.rejects(
      connection.client.callIn((await import('../protocol/index.js')).qemu, 'domainAttach', {
        pidValue: 1,
        flags: 0,
      }),
      (error) => error instanceof RpcError && error.details !== undefined,
    );
    await assert.rejects(connection.domainLookupByName({ name: 'a\0b' }), withCode('invalid'));
  });

  test('a signal ends the wait for a reply, and the late reply harms nobody', async () => {
    const stop = new AbortController();
    const call = connection.client.call('connectGetCapabilities', {}, { signal: stop.signal });
    stop.abort();
    await assert.rejects(call, { name: 'AbortError' });
    assert.equal(await connection.getType(), 'TEST');
    await assert.rejects(connection.getType({}, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });

  test('a read-only connection is held to reading', async () => {
    await using reader = await connect(daemon.uri, { readOnly: true });
    const domain = await reader.domainLookupByName({ name: 'test' });
    assert.equal(await domain.isActive(), 1);
    await assert.rejects(domain.suspend(), withCode('libvirt', errorCodes.operationDenied));
  });

  test('pings keep a silent connection', async () => {
    await using other = await connect(daemon.uri, { keepalive: { intervalMs: 50, count: 39 } });
    // Longer than it would go on without an answer.
    await new Promise((resolve) => setTimeout(resolve, 2200));
    assert.equal(await other.getType(), 'TEST');
  });

  test('TCP reaches it too', async () => {
    await using other = await connect(`test+tcp://127.0.0.1:${daemon.tcpPort}/default`);
    assert.equal(await other.getType(), 'TEST');
  });

  test('calls fail with closed once the connection has ended', async () => {
    const other = await connect(daemon.uri);
    const events = other.events('domain', 'lifecycle');
    const waiting = events.next();
    await other.getType();
    await other.close();
    await assert.rejects(other.getType(), withCode('closed'));
    await assert.rejects(waiting, withCode('closed'));
  });
});

test('an unreachable daemon is an error of its own', async () => {
  await assert.rejects(connect('test+unix:///default?socket=/nonexistent/sock'), withCode('connect'));
  await assert.rejects(connect('test+tcp://127.0.0.1:1/default'), withCode('connect'));
  await assert.rejects(connect('test+carrier-pigeon:///default'), withCode('invalid'));
  await assert.rejects(connect('test+pigeon:///default'), withCode('unsupported'));
});
