// Hostile requests: whatever comes over the socket, the daemon answers or hangs up, and goes on.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { type Route, resources } from '@ctvirt/api';
import fc from 'fast-check';
import { refusals } from '../testing/fuzz.js';
import { serve } from '../testing/serve.js';

const routes = Object.values(resources)
  .flatMap((operations) => Object.values<Route>(operations))
  // These go on until the client ends them; the tests of streams and sessions have them.
  .filter(({ answer }) => answer.kind !== 'lines');

const contentTypes = [
  'application/json',
  'application/xml',
  'application/octet-stream',
  'text/plain',
  'application/json; charset=x',
  '',
];

function statusOf(
  socketPath: string,
  method: string,
  path: string,
  contentType: string,
  body: string | Uint8Array,
) {
  return new Promise<number>((resolve, reject) => {
    const headers = {
      ...(contentType !== '' && { 'content-type': contentType }),
      'content-length': Buffer.byteLength(body),
    };
    const call = request({ socketPath, method, path, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    call.on('error', reject).end(body);
  });
}

test('no request makes the daemon fault', async (t) => {
  const { socketPath, client } = await serve(t);
  const body = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.uint8Array(), fc.constant(''));
  const word = fc.oneof(
    fc.string({ minLength: 1 }).map(encodeURIComponent),
    fc.constantFrom('%', '%ff', '..%2f..', '%00', '__proto__'),
  );
  const query = fc.webQueryParameters();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routes),
      word,
      query,
      fc.constantFrom(...contentTypes),
      body,
      async (route, name, parameters, contentType, bytes) => {
        const path = `${route.path.replace(/\{\w+\}/, () => name)}?${parameters}`;
        const status = await statusOf(socketPath, route.method, path, contentType, bytes);
        assert.ok(status < 500 || refusals.has(status), `${route.method} ${path}: ${status}`);
      },
    ),
    {
      numRuns: 400,
      // The last word of an archive that is none: a refusal, by a number above 500.
      examples: routes
        .filter(({ body }) => body?.kind === 'bytes')
        .map((route) => [route, '0', '', 'application/octet-stream', new Uint8Array()]),
    },
  );
  assert.deepEqual((await client.host.version()).name, 'ctvirtd');
});

test('no bytes on the socket end the daemon', async (t) => {
  const { socketPath, client } = await serve(t);
  const line = fc.oneof(
    fc.constantFrom(
      'GET /v1/domains HTTP/1.1',
      'GET /v1/domains/a/exec HTTP/1.1',
      'host: x',
      'connection: upgrade',
      'upgrade: ctvirt-session',
      'upgrade: websocket',
      'content-length: 5',
      'content-length: -1',
      'transfer-encoding: chunked',
      '',
    ),
    fc.string({ unit: 'binary' }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const socket = connect(socketPath);
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        socket.on('close', resolve);
        socket.resume();
        socket.end(`${lines.join('\r\n')}\r\n\r\n`);
      });
    }),
    { numRuns: 200 },
  );
  assert.deepEqual((await client.host.version()).name, 'ctvirtd');
});
