// Networks over HTTP: their life, changes of single elements, events, and what is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@ctvirt/api';
import { networkXml } from '../testing/memory-engine.js';
import { serve } from '../testing/serve.js';

const lan = { network: 'lan' };
const failsWith = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiError);
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test('a network goes through its life', async (t) => {
  const { client, engine } = await serve(t);
  const { network } = await client.networks.define({ body: networkXml('lan') });
  assert.deepEqual([network.active, network.persistent, network.autostart], [false, true, false]);
  assert.deepEqual(network.subnets, [{ address: '192.0.2.1', prefix: 24, dhcp: true }]);
  assert.equal((await client.networks.start(lan)).active, true);
  assert.equal((await client.networks.info({ network: network.uuid })).name, 'lan');
  assert.equal(
    await client.networks.xml({ ...lan, inactive: true }),
    await engine.networks.xml('lan', { inactive: true }),
  );
  assert.equal((await client.networks.autostart({ ...lan, body: { autostart: true } })).autostart, true);
  assert.deepEqual(await client.networks.leases(lan), []);
  assert.equal((await client.networks.stop(lan)).active, false);
  await client.networks.undefine(lan);
  assert.deepEqual(await client.networks.list(), []);
  await assert.rejects(client.networks.info(lan), failsWith('not-found', /'lan'/));
});

test('a transient one is gone when it stops; the list is narrowed to running or stopped ones', async (t) => {
  const { client } = await serve(t);
  const { network } = await client.networks.define({ body: networkXml('try'), transient: true });
  assert.deepEqual([network.active, network.persistent], [true, false]);
  await client.networks.define({ body: networkXml('lan') });
  const names = async (active?: boolean) =>
    (await client.networks.list({ active })).map(({ name }) => name).sort();
  assert.deepEqual(
    [await names(), await names(true), await names(false)],
    [['lan', 'try'], ['try'], ['lan']],
  );
  await client.networks.stop({ network: 'try' });
  assert.deepEqual(await names(), ['lan']);
});

test('a network or a filter is changed only if it is still the one that was read', async (t) => {
  const { client } = await serve(t);
  const filterXml = (rule: string) => `<filter name='own'><rule action='${rule}' direction='out'/></filter>`;
  await client.networks.define({ body: networkXml('lan') });
  await client.filters.define({ body: filterXml('drop') });
  const tagOf = async (read: (options: { onTag: (tag: string) => void }) => Promise<string>) => {
    let tag = '';
    await read({ onTag: (told) => (tag = told) });
    assert.match(tag, /^"[0-9a-f]{32}"$/);
    return tag;
  };
  const networkTag = () => tagOf((options) => client.networks.xml({ ...lan, inactive: true }, options));
  const filterTag = () => tagOf((options) => client.filters.xml({ filter: 'own' }, options));
  const change = (address: string, ifMatch?: string) =>
    client.networks.define({ body: networkXml('lan').replaceAll('192.0.2', address), ifMatch });
  const [network, filter] = [await networkTag(), await filterTag()];
  await change('198.51.100', network);
  await assert.rejects(
    change('203.0.113', network),
    failsWith('changed', /^the document of network 'lan' was changed meanwhile$/),
  );
  assert.match(await client.networks.xml({ ...lan, inactive: true }), /198\.51\.100\.1/);
  await change('203.0.113', await networkTag());
  await change('192.0.2');
  await client.filters.define({ body: filterXml('accept'), ifMatch: filter });
  await assert.rejects(
    client.filters.define({ body: filterXml('reject'), ifMatch: filter }),
    failsWith('changed', /^the document of network filter 'own' was changed meanwhile$/),
  );
  assert.match(await client.filters.xml({ filter: 'own' }), /accept/);
  await client.filters.define({ body: filterXml('reject'), ifMatch: await filterTag() });
  for (const tag of ['', '"', '""', 'W/', '"*"', '\u00ff', `${filter}x`, ','])
    await assert.rejects(change('192.0.2', tag), failsWith('changed', /meanwhile$/), tag);
  // Of what runs the tag is another one, though nobody has changed anything.
  await client.networks.start(lan);
  await change('198.51.100', '*');
  const live = await tagOf((options) => client.networks.xml(lan, options));
  await assert.rejects(
    change('192.0.2', live),
    failsWith('changed', /^the tag is that of the document that network 'lan' runs with, .*\?inactive=true/),
  );
  await client.networks.stop(lan);
  // One that is gone is not made again, and what only runs has no document to be changed.
  await client.networks.undefine(lan);
  for (const tag of [network, '*', `"x", *`])
    await assert.rejects(change('192.0.2', tag), failsWith('changed', /^there is no network 'lan'/));
  await assert.rejects(
    client.filters.define({ body: filterXml('drop').replace('own', 'none'), ifMatch: '*' }),
    failsWith('changed', /^there is no network filter 'none'/),
  );
  await client.filters.define({ body: filterXml('drop'), ifMatch: '*' });
  await assert.rejects(
    client.networks.define({ body: networkXml('lan'), transient: true, ifMatch: network }),
    failsWith('invalid', /If-Match/),
  );
});

test('one element is changed, of the running network or its definition, or of both', async (t) => {
  const { client } = await serve(t);
  await client.networks.define({ body: networkXml('lan') });
  await client.networks.start(lan);
  const add = (name: string, ip: string, where: { live?: boolean; stored?: boolean } = {}) =>
    client.networks.update({
      ...lan,
      body: {
        command: 'add-last',
        section: 'ip-dhcp-host',
        xml: `<host name='${name}' ip='${ip}'/>`,
        ...where,
      },
    });
  const hosts = async (inactive: boolean) =>
    [...(await client.networks.xml({ ...lan, inactive })).matchAll(/<host name='(\w+)'/g)].map(
      ([, name]) => name,
    );
  await add('a', '192.0.2.2');
  await add('b', '192.0.2.3', { stored: true });
  await add('c', '192.0.2.4', { live: true, stored: true });
  assert.deepEqual(
    [await hosts(false), await hosts(true)],
    [
      ['a', 'c'],
      ['b', 'c'],
    ],
  );
  await assert.rejects(add('a', '192.0.2.9'), failsWith('wrong-state', /existing dhcp host entry/));
  await assert.rejects(add('d', '198.51.100.1'), failsWith('invalid', /not within the network/));
  const bridge = { command: 'modify', section: 'bridge', xml: '<bridge/>' } as const;
  await assert.rejects(
    client.networks.update({ ...lan, body: bridge }),
    failsWith('unsupported', /'bridge' section/),
  );
});

test('a refused document comes with its findings', async (t) => {
  const { client } = await serve(t);
  const body = networkXml('lan').replace('192.0.2.99', '198.51.100.9');
  await assert.rejects(client.networks.define({ body }), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    const [{ line, column, path } = {}] = error.findings;
    assert.deepEqual([line, path], [1, '/network/ip/dhcp/range/@end']);
    assert.ok(column !== undefined && column > 1);
    return true;
  });
});

test('what happens to networks is told, of one or of all, until its reader goes', async (t) => {
  const { client, engine } = await serve(t);
  await client.networks.define({ body: networkXml('lan') });
  const over = new AbortController();
  const told: string[] = [];
  const follow = async (query: { network?: string }) => {
    for await (const line of await client.events.networks(query, { signal: over.signal }))
      if (line.event !== 'gap') told.push(`${query.network ?? 'all'}: ${line.event} ${line.network.name}`);
  };
  const [all, one] = [follow({}), follow(lan)];
  while (engine.listeners() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await client.networks.define({ body: networkXml('other') });
  await client.networks.start(lan);
  const txt = { command: 'add-last', section: 'dns-txt', xml: "<txt name='a' value='b'/>" } as const;
  await client.networks.update({ ...lan, body: txt });
  await client.networks.stop(lan);
  await client.networks.undefine(lan);
  while (told.length < 9) await new Promise((resolve) => setTimeout(resolve, 5));
  over.abort();
  await Promise.allSettled([all, one]);
  assert.deepEqual(
    told.filter((line) => line.startsWith('all')),
    ['all: defined other', 'all: started lan', 'all: changed lan', 'all: stopped lan', 'all: undefined lan'],
  );
  assert.deepEqual(
    told.filter((line) => line.startsWith('lan')),
    ['lan: started lan', 'lan: changed lan', 'lan: stopped lan', 'lan: undefined lan'],
  );
  while (engine.listeners() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(client.events.networks({ network: 'none' }), failsWith('not-found', /'none'/));
});
