// Which web pages the daemon answers, whatever they ask for: those of its own origin, as a browser tells it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { serve } from '../testing/serve.js';

const host = 'ct.example:8080';
const own = 'http://ct.example:8080';

const cases: readonly { who: string; headers: Record<string, string>; isAnswered: boolean }[] = [
  { who: 'a program', headers: { host: 'localhost' }, isAnswered: true },
  {
    who: 'a page from here',
    headers: { host, origin: own, 'sec-fetch-site': 'same-origin' },
    isAnswered: true,
  },
  { who: 'one from here, of an older browser', headers: { host, origin: own }, isAnswered: true },
  { who: 'one from here that reads', headers: { host, 'sec-fetch-site': 'same-origin' }, isAnswered: true },
  { who: 'a person who typed the address', headers: { host, 'sec-fetch-site': 'none' }, isAnswered: true },
  { who: 'one from elsewhere', headers: { host, origin: 'http://evil.example' }, isAnswered: false },
  { who: 'another port', headers: { host, origin: 'http://ct.example' }, isAnswered: false },
  { who: 'a frame without an origin', headers: { host, origin: 'null' }, isAnswered: false },
  { who: 'no origin at all', headers: { host, origin: 'x' }, isAnswered: false },
  { who: 'an image elsewhere', headers: { host, 'sec-fetch-site': 'cross-site' }, isAnswered: false },
  { who: 'another subdomain', headers: { host, 'sec-fetch-site': 'same-site' }, isAnswered: false },
  {
    who: 'this name without TLS',
    headers: { host, origin: own, 'sec-fetch-site': 'cross-site' },
    isAnswered: false,
  },
  {
    who: 'a name that was pointed here, to a proxy that says its own Host',
    headers: { host: 'localhost', origin: own, 'sec-fetch-site': 'same-origin' },
    isAnswered: false,
  },
  {
    who: 'one whose proxy passes any Host on: that has to know its names',
    headers: { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
    isAnswered: true,
  },
];

const requests = [
  { method: 'GET', path: '/v1/domains', answered: 200 },
  { method: 'GET', path: '/openapi.json', answered: 200 },
  { method: 'GET', path: '/v1/nothing', answered: 404 },
  { method: 'POST', path: '/v1/domains/nope/start', answered: 404 },
  { method: 'OPTIONS', path: '/v1/domains', answered: 404 },
];

test('a page from elsewhere is answered nothing', async (t) => {
  const { socketPath } = await serve(t);
  const statusOf = (method: string, path: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const call = request({ socketPath, method, path, headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
      });
      call.on('error', reject).end();
    });
  for (const { who, headers, isAnswered } of cases)
    for (const { method, path, answered } of requests)
      assert.equal(
        await statusOf(method, path, headers),
        isAnswered ? answered : 403,
        `${who}: ${method} ${path}`,
      );
});
