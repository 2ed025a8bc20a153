// The server with this package's own client: calls, errors, events, streams, rights.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, connect } from '../client/connection.js';
import { RpcError } from '../errors.js';
import { remote } from '../protocol/index.js';
import { errorCodes, errorDomains } from '../protocol/numbers.js';
import type { Procedure } from '../protocol/row.js';
import { picture, startTiny, type TinyHypervisor } from '../testing/tiny-hypervisor.js';
import { until } from '../testing/until.js';
import { XdrReader } from '../xdr.js';

function open(tiny: TinyHypervisor, options?: Parameters<typeof connect>[1]): Promise<Connection> {
  return connect(`lxc+unix:///system?socket=${tiny.socket}`, options);
}

function withNumber(code: number): (error: unknown) => boolean {
  return (error) => error instanceof RpcError && error.details?.code === code;
}

test('calls reach their handlers with what open returned', async () => {
  await using tiny = await startTiny(3);
  await using connection = await open(tiny);
  assert.equal(await connection.getUri(), 'lxc:///system');
  assert.deepEqual(
    (await connection.listAllDomains()).map(({ name, id }) => [name, id]),
    [
      ['ct0', 1],
      ['ct1', -1],
      ['ct2', 3],
    ],
  );
  const [domain] = await connection.listAllDomains({ flags: 2 });
  assert.equal(domain?.name, 'ct1');
});

test('errors, unknown procedures and faults are told apart', async () => {
  await using tiny = await startTiny(1);
  await using connection = await open(tiny);
  await assert.rejects(connection.domainLookupByName({ name: 'x' }), (error) => {
    assert.ok(error instanceof RpcError);
    assert.equal(error.message, "Domain not found: No domain with matching name 'x'");
    assert.equal(error.details?.domain, errorDomains.lxc);
    return error.details?.code === errorCodes.noDomain;
  });
  await assert.rejects(connection.getSysinfo(), withNumber(errorCodes.noSupport));
  const [domain] = await connection.listAllDomains();
  await assert.rejects(domain?.reboot() ?? Promise.resolve(), withNumber(errorCodes.internalError));
  assert.equal(tiny.faults.length, 1);
  await assert.rejects(connect(`nobody+unix:///?socket=${tiny.socket}`), withNumber(errorCodes.noConnect));
});

test('a second open and calls before the first are refused', async () => {
  await using tiny = await startTiny(1);
  await using connection = await open(tiny);
  const again = connection.client.call('connectOpen', { name: 'lxc:///', flags: 0 });
  await assert.rejects(again, withNumber(errorCodes.internalError));
});

test('the session ends with its connection', async () => {
  await using tiny = await startTiny(1);
  const connection = await open(tiny);
  assert.equal(tiny.server.clientCount, 1);
  await connection.close();
  await until(() => tiny.ended.length > 0, 'the session goes on');
  assert.deepEqual(tiny.ended, ['lxc:///system']);
  assert.equal(tiny.server.clientCount, 0);
});

test('events reach those who asked, of the objects they asked for', async () => {
  await using tiny = await startTiny(3);
  await using connection = await open(tiny);
  await using other = await open(tiny);
  const [first, second] = await connection.listAllDomains();
  assert.ok(first && second);
  const all = other.events('domain', 'lifecycle');
  const one = connection.events('domain', 'lifecycle', { subject: second });
  const everything = [all.next(), all.next()];
  const single = one.next();
  await other.getType();
  await connection.getType();
  await first.destroy();
  await second.create();
  const seen = await Promise.all(everything);
  assert.deepEqual(
    seen.map(({ value }) => value && [value.dom.name, value.dom.id, value.event]),
    [
      ['ct0', -1, 5],
      ['ct1', 4711, 2],
    ],
  );
  assert.equal((await single).value?.dom.name, 'ct1');
  await one.return();
  await all.return();
  await assert.rejects(
    connection.client.call('connectDomainEventCallbackDeregisterAny', { callbackId: 99 }),
    withNumber(errorCodes.internalError),
  );
  await assert.rejects(
    connection.client.call('connectDomainEventCallbackRegisterAny', { eventId: 99, dom: null }),
    withNumber(errorCodes.internalError),
  );
});

test('the older registration without callback ids works too', async () => {
  await using tiny = await startTiny(1);
  await using connection = await open(tiny);
  const seen: number[] = [];
  connection.client.on('domainEventLifecycle', ({ event }) => seen.push(event));
  await connection.client.call('connectDomainEventRegisterAny', { eventId: 0 });
  const [domain] = await connection.listAllDomains();
  await domain?.suspend();
  await connection.client.call('connectDomainEventDeregisterAny', { eventId: 0 });
  await domain?.suspend();
  await connection.getType();
  assert.deepEqual(seen, [3]);
});

test('sessions see only the events they may', async () => {
  await using tiny = await startTiny(1, { sees: ({ name }) => name !== 'vserver:///' });
  await using blind = await connect(`vserver+unix:///?socket=${tiny.socket}`);
  await using sighted = await open(tiny);
  let blindSaw = 0;
  blind.client.on('domainEventCallbackLifecycle', () => blindSaw++);
  await blind.client.call('connectDomainEventCallbackRegisterAny', { eventId: 0, dom: null });
  const events = sighted.events('domain', 'lifecycle');
  const next = events.next();
  const [domain] = await sighted.listAllDomains();
  await domain?.destroy();
  assert.equal((await next).value?.event, 5);
  await blind.getType();
  assert.equal(blindSaw, 0);
  await events.return();
});

test('a console echoes both ways and ends from either side', async () => {
  await using tiny = await startTiny(1);
  await using connection = await open(tiny);
  const [domain] = await connection.listAllDomains();
  assert.ok(domain);
  const console = await domain.openConsole();
  console.write('a');
  assert.equal(String((await once(console, 'data'))[0]), '<a>');
  console.end();
  await once(console, 'close');

  const ended = await domain.openConsole();
  ended.write('q');
  let said = '';
  for await (const chunk of ended) said += chunk;
  assert.equal(said, 'bye');
  assert.equal(await domain.isActive(), 1);
});

test('downloads arrive whole through back-pressure', async () => {
  await using tiny = await startTiny(1);
  await using connection = await open(tiny);
  const [domain] = await connection.listAllDomains();
  assert.ok(domain);
  for (const pause of [0, 1]) {
    const stream = await domain.screenshot({ screen: 0 });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk);
      if (pause > 0) await sleep(pause);
    }
    assert.ok(Buffer.concat(chunks).equals(picture));
  }
  const left = await domain.screenshot({ screen: 0 });
  left.destroy();
  assert.equal(await domain.isActive(), 1);
});

test('uploads are confirmed by the handler, or refused', async () => {
  await using tiny = await startTiny(1);
  await using connection = await open(tiny);
  const vol = { pool: 'p', name: 'v', key: 'k' };
  const { stream } = await connection.client.open('storageVolUpload', {
    vol,
    offset: 0n,
    length: 0n,
    flags: 0,
  });
  stream.write(picture);
  stream.end('the end');
  await once(stream, 'close');
  assert.ok(Buffer.concat(tiny.uploaded).equals(Buffer.concat([picture, Buffer.from('the end')])));

  const refused = await connection.client.open('storageVolUpload', {
    vol,
    offset: 13n,
    length: 0n,
    flags: 0,
  });
  refused.stream.end('more');
  const [error] = await once(refused.stream, 'error');
  assert.ok(withNumber(errorCodes.operationFailed)(error));
  assert.equal(error.message, 'the disk is full');
});

test('streams end with their connection', async () => {
  await using tiny = await startTiny(1);
  const connection = await open(tiny);
  const [domain] = await connection.listAllDomains();
  const console = await domain?.openConsole();
  assert.ok(console);
  const failed = once(console, 'error');
  await connection.client.close();
  assert.ok((await failed)[0] instanceof RpcError);
});

/** Arguments of any procedure: zeros decode to something for every shape. */
function zeros(row: Procedure): unknown {
  return row.args.decode(new XdrReader(Buffer.alloc(4096)));
}

test('read-only connections are refused every writing procedure, by flag and by socket', async () => {
  const writing = Object.entries(remote.calls as Readonly<Record<string, Procedure>>).filter(
    ([, row]) => row.writes === true && !row.descriptors,
  );
  assert.ok(writing.length > 180);
  let called = 0;
  const handlers = Object.fromEntries(writing.map(([name]) => [name, () => called++]));
  await using tiny = await startTiny(1, { handlers });
  await using byFlag = await open(tiny, { readOnly: true });
  await using bySocket = await connect(`lxc+unix:///system?socket=${tiny.readOnlySocket}`);
  for (const connection of [byFlag, bySocket]) {
    for (const [name, row] of writing) {
      const call =
        row.stream === 'none'
          ? connection.client.invoke(remote, name, zeros(row))
          : connection.client.invokeStream(remote, name, zeros(row));
      await assert.rejects(call, withNumber(errorCodes.operationDenied), name);
    }
    const [domain] = await connection.listAllDomains();
    await assert.rejects(
      domain?.getXmlDesc({ flags: 1 }) ?? Promise.resolve(),
      withNumber(errorCodes.operationDenied),
    );
    assert.match((await domain?.getXmlDesc({ flags: 2 })) ?? '', /<domain/);
  }
  assert.equal(called, 0);
});

test('clients that need authentication get nothing before it', async () => {
  const asked: string[] = [];
  const authentication = {
    types: () => [2],
    polkit: async () => {
      asked.push('polkit');
      return asked.length > 1;
    },
  };
  await using tiny = await startTiny(1, { authentication });
  await assert.rejects(open(tiny), (error) => error instanceof RpcError && error.code === 'auth');
  await using connection = await open(tiny);
  assert.equal(await connection.getType(), 'LXC');
  assert.deepEqual(asked, ['polkit', 'polkit']);
});

test('the server pings clients that asked for it', async () => {
  await using tiny = await startTiny(1, { keepalive: { intervalMs: 20, count: 2 } });
  await using connection = await open(tiny);
  await sleep(150);
  assert.equal(await connection.getType(), 'LXC');
});
