// The HTTP contract from client to engine and back, over a real unix socket.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import {
  ApiError,
  type ApiErrorCode,
  compileCheck,
  type DomainEvent,
  type EventGap,
  type Job,
  type Progress,
  parameterRow,
  type Resource,
  type Route,
  reportRow,
  resources,
  type Validation,
} from '@ctvirt/api';
import { createClient } from '@ctvirt/api/node';
import { closed, until } from '@ctvirt/api/testing';
import { EngineError } from '@ctvirt/engine';
import { archive, file } from '@ctvirt/engine/testing';
import type { ReportRow as FormatRow, ResourceRow } from '@ctvirt/formats';
import { Gate } from '@ctvirt/rpc';
import { pino } from 'pino';
import { memoryEngine, networkXml, promisedTooMuch, sampleXml } from '../testing/memory-engine.js';
import { serve } from '../testing/serve.js';
import { hearing } from './remarks.js';
import { createHttpApp } from './server.js';

const failsWith = (code: ApiErrorCode) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

/** One exchange without the client, for what the client would never send. */
function raw(
  socketPath: string,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<{ status: number; body: unknown; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers: options.headers ?? {} }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: JSON.parse(text || 'null'),
          headers: answer.headers,
        }),
      );
    });
    call.on('error', reject).end(options.body);
  });
}

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ctvirt-files-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A container of OpenVZ's, as it lies on a host: its configuration, and its files. */
async function openvzContainer(t: TestContext): Promise<{ config: string; files: string }> {
  const folder = await folderFor(t);
  const [config, files] = [join(folder, '105.conf'), join(folder, 'private')];
  await writeFile(config, 'HOSTNAME="old"\nNUMPROC="40:40"\n');
  await mkdir(join(files, 'etc'), { recursive: true });
  return { config, files };
}

test('what the engine warns of is told to the client whose request it is about', async (t) => {
  const { socketPath } = await serve(
    t,
    await memoryEngine(
      t,
      hearing(() => undefined),
    ),
  );
  const remarks: string[] = [];
  const client = createClient({ socketPath }, { onRemark: (remark) => remarks.push(remark) });
  t.after(() => client.close());
  await client.domains.define({ body: sampleXml('kept') });
  await client.domains.define({ body: sampleXml('ä', promisedTooMuch) });
  await Promise.all([client.domains.start({ domain: 'kept' }), client.domains.start({ domain: 'ä' })]);
  assert.equal(remarks.length, 1);
  assert.match(remarks[0] ?? '', /^this host cannot keep what domain 'ä' is promised: /);
});

/** Something that goes on until it is ended. */
function endless() {
  let end = (): void => undefined;
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work, end: () => end() };
}

test('who waits behind a job hears for what, and who has left by its end gets nothing', async (t) => {
  const engine = await memoryEngine(t);
  const gate = new Gate();
  let isAsked = false;
  const suspend: typeof engine.suspend = async (...words) => {
    isAsked = true;
    return await engine.suspend(...words);
  };
  const { client, socketPath } = await serve(t, { ...engine, suspend }, { gate });
  await client.domains.define({ body: sampleXml('web') });
  await client.domains.start({ domain: 'web' });
  const { work, end } = endless();
  const copied = engine.copying('web', work);
  const leaving = new AbortController();
  const left = client.domains.suspend({ domain: 'web' }, { signal: leaving.signal });
  await until(() => isAsked, 'nobody asks');
  const heard: Job[] = [];
  let hear = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const onWait = (job: Job): void => {
    heard.push(job);
    hear();
  };
  const patient = createClient({ socketPath }, { onWait });
  t.after(() => patient.close());
  const waiting = patient.domains.set({ domain: 'web', body: { description: 'new' } });
  // Nobody has a turn for that.
  const looked = patient.domains.wait({ domain: 'web', body: { for: 'stopped', timeoutMs: 600 } });
  await assert.rejects(looked, failsWith('timeout'));
  await told;
  assert.deepEqual(
    heard.map(({ kind, exclusive, domain }) => [kind, exclusive, domain]),
    [['clone', true, 'web']],
  );
  const connections = gate.count;
  leaving.abort();
  await assert.rejects(left, failsWith('interrupted'));
  await until(() => gate.count < connections, 'the daemon does not hear of it');
  end();
  await copied;
  await waiting;
  assert.equal((await client.jobs.get({ domain: 'web' })).exclusive, false);
  assert.equal((await client.domains.summary({ domain: 'web' })).state, 'running');
});

test('a program of the host that failed is logged with its words, a fault of ours with its place', async (t) => {
  const engine = await memoryEngine(t);
  const failures = [
    new EngineError('host-command', 'lxc-start failed', { stderr: 'too many open files' }),
    new TypeError('x is undefined'),
    new EngineError('wrong-state', 'it runs already'),
  ];
  engine.start = () => Promise.reject(failures.shift());
  const lines: string[] = [];
  const app = createHttpApp(engine, pino({ base: null }, { write: (line) => void lines.push(line) }));
  t.after(() => app.close());
  for (const status of [500, 500, 409])
    assert.equal((await app.inject({ method: 'POST', url: '/v1/domains/web/start' })).statusCode, status);
  const [failed, fault, ...more] = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    [failed.msg, failed.stderr, failed.err],
    ['lxc-start failed', 'too many open files', undefined],
  );
  assert.match(fault.err.stack, /TypeError: x is undefined\n +at /);
  assert.deepEqual(more, []);
});

test('a domain goes through its life', async (t) => {
  const { client, engine } = await serve(t);
  const { domain } = await client.domains.define({ body: sampleXml('web') });
  assert.equal(domain.state, 'shutoff');
  assert.equal((await client.domains.start({ domain: 'web' })).state, 'running');
  assert.equal((await client.domains.suspend({ domain: 'web' })).state, 'paused');
  assert.equal((await client.domains.resume({ domain: 'web' })).state, 'running');
  assert.equal((await client.domains.reboot({ domain: 'web', waitMs: 5000 })).state, 'running');
  assert.equal((await client.domains.info({ domain: domain.uuid })).name, 'web');
  assert.equal(
    await client.domains.xml({ domain: 'web', inactive: true }),
    await engine.xml('web', { inactive: true }),
  );
  assert.equal(
    (await client.domains.autostart({ domain: 'web', body: { autostart: true } })).autostart,
    true,
  );
  assert.equal((await client.domains.shutdown({ domain: 'web', waitMs: 5000 })).state, 'shutoff');
  await client.domains.undefine({ domain: 'web', storage: true });
  assert.deepEqual(await client.domains.list(), []);
});

test('a transient domain is gone when it stops', async (t) => {
  const { client, engine } = await serve(t);
  const { domain } = await client.domains.define({ body: sampleXml('try'), transient: true });
  assert.equal(domain.state, 'running');
  assert.equal(domain.persistent, false);
  await client.domains.destroy({ domain: 'try' });
  // It is forgotten once its end is told.
  await until(() => engine.find({ name: 'try' }) === undefined, 'it stays');
  await assert.rejects(client.domains.summary({ domain: 'try' }), failsWith('not-found'));
});

test('the list is narrowed to running or stopped domains', async (t) => {
  const { client } = await serve(t);
  for (const name of ['a', 'b']) await client.domains.define({ body: sampleXml(name) });
  await client.domains.start({ domain: 'a' });
  const names = async (active?: boolean) => (await client.domains.list({ active })).map(({ name }) => name);
  assert.deepEqual([await names(), await names(true), await names(false)], [['a', 'b'], ['a'], ['b']]);
});

test('a name reaches the engine whatever it is made of', async (t) => {
  const { client } = await serve(t);
  for (const name of ['with space', 'a\\b', '..', '.', '100%', 'ümlaut', 'q?a=b#c', 'x'.repeat(64)]) {
    await client.domains.define({ body: sampleXml(name) });
    assert.equal((await client.domains.summary({ domain: name })).name, name);
  }
});

test('every answer is as its schema says, and says nothing more', async (t) => {
  const { client, engine } = await serve(t);
  const web = { domain: 'web' };
  const { config, files } = await openvzContainer(t);
  // The file system of a temporary folder need not enforce any.
  engine.setOwnerQuota = (ref) => engine.quota(ref);
  // Nothing is mounted on the host of the tests.
  engine.rootMounts = async () => [
    { uuid: '00000000-0000-4000-8000-000000000001', path: '/run/ctvirt/roots/web' },
  ];
  engine.mountRoot = async () => ({ path: '/run/ctvirt/roots/web' });
  const repository = {
    name: 'default',
    path: '/srv/backup',
    passwordFile: '/etc/ctvirt/backup.password',
    tool: 'restic',
  };
  Object.assign(engine.backups, {
    status: (ref: string) => {
      const { name: domain, uuid } = engine.summary(ref);
      return [
        {
          domain,
          uuid,
          state: 'none',
          schedule: null,
          last: null,
          failure: null,
          untold: null,
          nextAt: null,
        },
      ];
    },
    repositories: () => [repository],
    init: async () => ({ repository, madePassword: true }),
    list: async () => [
      {
        id: '01234567',
        repository: 'default',
        domain: 'web',
        uuid: '00000000-0000-4000-8000-000000000001',
        takenAt: '2026-11-30T12:00:00Z',
        leftOut: ['/data'],
      },
    ],
  });
  await client.templates.build({ template: 'small', body: { distribution: 'busybox' } });
  await client.domains.define({
    body: `<domain type='openvz'><name>web</name><memory>262144</memory><os><type>exe</type><init>/sbin/init</init></os>
      <devices><filesystem type='template'><source name='small'/><target dir='/'/></filesystem></devices></domain>`,
  });
  const limit = { body: { values: { NUMPROC: '10' }, stored: true } };
  const owner = { body: { kind: 'user', id: 7, space: '1M', stored: true } } as const;
  const lan = { network: 'lan' };
  const host = {
    command: 'add-last',
    section: 'ip-dhcp-host',
    xml: "<host name='a' ip='192.0.2.5'/>",
  } as const;
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    'domains.redefine': async () =>
      client.domains.redefine({ ...web, body: await engine.xml('web', { inactive: true }) }),
    'domains.validate': () => client.domains.validate({ body: sampleXml('fresh') }),
    'domains.define': () => client.domains.define({ body: sampleXml('odd', '<odd/>') }),
    'domains.create': async () => {
      const body = { name: 'made', template: 'small', addAddresses: ['10.77.1.9'], autostart: true };
      const dry = await client.domains.create({ body, dryRun: true });
      assert.equal(dry.domain, null);
      const { domain, xml } = await client.domains.create({ body });
      assert.deepEqual([domain?.addresses, domain?.autostart, xml], [['10.77.1.9'], true, dry.xml]);
      await assert.rejects(client.domains.create({ body }), failsWith('exists'));
    },
    'domains.set': () =>
      client.domains.set({
        ...web,
        body: { values: { ram: '300M' }, hostname: 'www', autostart: false, stored: true },
      }),
    'domains.candidates': () => client.domains.candidates(),
    'domains.adopt': () =>
      client.domains.adopt({ body: { format: 'openvz', name: '105', config, private: files } }),
    'domains.list': () => client.domains.list(),
    'domains.summary': () => client.domains.summary(web),
    'domains.info': () => client.domains.info(web),
    'domains.consoleLog': () => client.domains.consoleLog(web),
    'domains.setParameters': () => client.domains.setParameters({ ...web, ...limit }),
    'domains.parameters': () => client.domains.parameters(web),
    'domains.autostart': () => client.domains.autostart({ ...web, body: { autostart: true } }),
    'domains.rootMounts': () => client.domains.rootMounts(),
    'domains.mountRoot': () => client.domains.mountRoot(web),
    'domains.start': () => client.domains.start(web),
    'domains.suspend': () => client.domains.suspend(web),
    'domains.resume': () => client.domains.resume(web),
    'domains.reboot': () => client.domains.reboot({ ...web, waitMs: 5000 }),
    'domains.wait': () => client.domains.wait({ ...web, body: { for: 'running', timeoutMs: 5000 } }),
    'usage.list': () => client.usage.list(),
    'usage.now': () => client.usage.now(),
    'history.domain': () => client.history.domain({ domain: 'web', series: 'cpu,memory', points: 10 }),
    'history.host': () => client.history.host({}),
    'life.domain': () => client.life.domain({ domain: 'web', last: 2 }),
    'usage.processes': () => client.usage.processes({ pid: 4711 }),
    'beancounters.list': () => client.beancounters.list(),
    'beancounters.show': () => client.beancounters.show(web),
    'traffic.list': () => client.traffic.list({ domain: 'web', month: '2026-11' }),
    'quota.show': () => client.quota.show(web),
    'quota.setOwner': () => client.quota.setOwner({ ...web, ...owner }),
    'forwards.all': () => client.forwards.all(),
    'forwards.show': () => client.forwards.show(web),
    'forwards.change': async () => {
      await client.networks.define({ body: networkXml('wan', "<forward mode='nat'/>") });
      const links = "<interface type='network'><source network='wan'/></interface></devices>";
      await client.domains.define({ body: sampleXml('forwarding').replace('</devices>', links) });
      const forwards = [{ protocol: 'tcp', start: 2222, to: 22 } as const];
      await client.forwards.change({ domain: 'forwarding', body: { action: 'add', forwards } });
    },
    'backups.repositories': () => client.backups.repositories(),
    'backups.init': () => client.backups.init({ body: { repository: 'default' } }),
    'backups.list': () => client.backups.list({ domain: 'web' }),
    'backups.status': async () => assert.equal((await client.backups.status(web)).length, 1),
    'jobs.get': async () => {
      const exporting = client.domains.exportRoot({ ...web, body: { target: '/nonexistent/web.tar' } });
      await assert.rejects(exporting, failsWith('wrong-state'));
      const { kind, state, error } = await client.jobs.get(web);
      assert.deepEqual([kind, state, /is running/.test(error ?? '')], ['export', 'failed', true]);
    },
    'jobs.list': async () => {
      const kinds = (await client.jobs.list({ running: false })).map(
        ({ kind, domain }) => `${kind} ${domain}`,
      );
      assert.ok(kinds.includes('export web'));
      assert.deepEqual(await client.jobs.list({ running: true }), []);
    },
    'jobs.show': async () => {
      const [job] = await client.jobs.list();
      assert.ok(job);
      await client.jobs.show({ job: job.id });
    },
    'jobs.cancel': async () => {
      const [job] = await client.jobs.list();
      assert.ok(job);
      await assert.rejects(client.jobs.cancel({ job: job.id }), failsWith('wrong-state'));
      const { cancel } = engine.jobs;
      engine.jobs.cancel = () => job;
      await client.jobs.cancel({ job: job.id });
      engine.jobs.cancel = cancel;
    },
    'jobs.abort': async () => {
      await assert.rejects(client.jobs.abort(web), failsWith('wrong-state'));
      const [last] = engine.jobs.list();
      assert.ok(last);
      engine.jobs.abort = () => last;
      await client.jobs.abort(web);
    },
    'domains.shutdown': () => client.domains.shutdown({ ...web, waitMs: 5000 }),
    'domains.destroy': async () => {
      await client.domains.start(web);
      await client.domains.destroy(web);
    },
    'domains.rename': async () => {
      await client.domains.rename({ ...web, body: { name: 'shop' } });
      await client.domains.rename({ domain: 'shop', body: { name: 'web' } });
    },
    'roots.list': async () => {
      const xml = await client.domains.xml(web);
      await client.domains.undefine(web);
      await client.domains.define({ body: xml.replace(/<uuid>.*<\/uuid>/, '') });
      assert.equal((await client.roots.list()).length, 1);
    },
    'roots.adopt': () => client.roots.adopt({ root: 'web~1', body: web }),
    'roots.erase': () => client.roots.erase({ root: 'web~2' }),
    'snapshots.list': async () => {
      await client.snapshots.create({ ...web, body: { name: 'one', description: 'first' } });
      await client.snapshots.create({ ...web, body: { name: 'two' } });
      assert.match(await client.snapshots.xml({ ...web, snapshot: 'one' }), /<name>web</);
      assert.equal((await client.snapshots.revert({ ...web, snapshot: 'one', body: {} })).name, 'web');
      await assert.rejects(client.snapshots.info({ ...web, snapshot: 'no' }), failsWith('not-found'));
      return await client.snapshots.list(web);
    },
    'snapshots.info': () => client.snapshots.info({ ...web, snapshot: 'one' }),
    'snapshots.describe': async () => {
      const described = await client.snapshots.describe({
        ...web,
        snapshot: 'one',
        body: { description: null },
      });
      assert.equal(described.description, null);
    },
    'snapshots.diff': () => client.snapshots.diff({ ...web, snapshot: 'one', against: 'two' }),
    'snapshots.delete': async () => {
      const gone = await client.snapshots.delete({ ...web, snapshot: 'one', children: 'with' });
      assert.deepEqual(
        gone.map(({ name }) => name),
        ['one', 'two'],
      );
    },
    'networks.define': () => client.networks.define({ body: networkXml('lan') }),
    'networks.list': () => client.networks.list(),
    'networks.info': () => client.networks.info(lan),
    'networks.autostart': () => client.networks.autostart({ ...lan, body: { autostart: true } }),
    'networks.start': () => client.networks.start(lan),
    'networks.update': () => client.networks.update({ ...lan, body: host }),
    'networks.users': () => client.networks.users(lan),
    'networks.leases': () => client.networks.leases(lan),
    'networks.stop': () => client.networks.stop(lan),
    'filters.define': () => client.filters.define({ body: "<filter name='own'/>" }),
    'filters.list': () => client.filters.list(),
    'filters.info': () => client.filters.info({ filter: 'own' }),
    'filters.bindings': () => client.filters.bindings(),
    'guarantees.show': () => client.guarantees.show(),
    'guarantees.fits': () => client.guarantees.fits(),
    'conversions.convert': () => {
      const body = { files: [{ path: '105.conf', text: 'HOSTNAME="a"\n' }] };
      return client.conversions.convert({ body });
    },
    'guarantees.whatIf': () => client.guarantees.whatIf({ body: { profile: 'vps.basic' } }),
    'guarantees.delivered': () => client.guarantees.delivered(),
    'terminals.list': () => client.terminals.list(),
    'terminals.end': async () => {
      await client.domains.start(web);
      const session = await client.domains.exec({ ...web, open: { argv: ['cat'], tty: true, keep: true } });
      return client.terminals.end({ terminal: session.kept?.terminal ?? '' });
    },
    'templates.list': () => client.templates.list(),
    'templates.info': () => client.templates.info({ template: 'small' }),
    'templates.rename': async () => {
      await client.templates.build({ template: 'other', body: { distribution: 'busybox' } });
      return client.templates.rename({ template: 'other', body: { name: 'renamed' } });
    },
    'profiles.list': () => client.profiles.list(),
    'profiles.show': () => client.profiles.show({ profile: 'vps.basic' }),
    'check.list': () => client.check.list(),
    'check.clean': () => client.check.clean(),
    'host.version': () => client.host.version(),
    'host.facts': () => client.host.facts(),
  };
  // Those of browsers are the engine's not: web/browsers.test.ts has them.
  const declared = Object.entries<Resource>(resources).flatMap(([resource, operations]) =>
    Object.entries(operations).flatMap(([operation, { answer }]) =>
      (answer.kind === 'json' || answer.kind === 'rows') && resource !== 'web'
        ? [`${resource}.${operation}`]
        : [],
    ),
  );
  assert.deepEqual(Object.keys(calls).sort(), declared.sort());
  // The client of these tests refuses what no schema names.
  for (const call of Object.values(calls)) await call();
  const { summary } = engine;
  engine.summary = (ref) => ({ ...summary(ref), more: 1 });
  await assert.rejects(client.domains.summary(web), failsWith('bad-answer'));
});

test('the contract names every member of the rows that come from the formats', () => {
  const parameter: Required<ResourceRow> = {
    key: 'NUMPROC',
    value: '1:1',
    status: 'enforced',
    how: 'pids.max',
  };
  const key: Required<FormatRow> = { file: 'f', line: 1, key: 'NUMPROC', status: 'carried', how: 'limits' };
  assert.equal(compileCheck(closed(parameterRow))(parameter), undefined);
  assert.equal(compileCheck(closed(reportRow))(key), undefined);
});

test('a document comes as the text that it is, of the media type that the contract says', async (t) => {
  const engine = await memoryEngine(t);
  const app = createHttpApp(engine, pino({ level: 'silent' }));
  t.after(() => app.close());
  await engine.define(sampleXml('web'));
  const { headers, body } = await app.inject({ method: 'GET', url: '/v1/domains/web/xml' });
  const xml = await engine.xml('web');
  assert.deepEqual([headers['content-type'], body], ['application/xml; charset=utf-8', xml]);
  const refused = await app.inject({ method: 'GET', url: '/v1/domains/none/xml' });
  assert.deepEqual(
    [refused.headers['content-type'], JSON.parse(refused.body).code],
    ['application/json; charset=utf-8', 'not-found'],
  );
});

test('an engine error keeps code, message, details and findings', async (t) => {
  const { client } = await serve(t);
  await assert.rejects(client.domains.define({ body: '<domain/>' }), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, 'invalid');
    assert.equal(error.findings[0]?.path, '/domain');
    return true;
  });
  const { domain } = await client.domains.define({ body: sampleXml('web') });
  const other = sampleXml('other', `<uuid>${domain.uuid}</uuid>`);
  await assert.rejects(client.domains.define({ body: other }), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, 'exists');
    assert.deepEqual(error.details, { holder: 'web' });
    return true;
  });
  await assert.rejects(client.domains.destroy({ domain: 'web' }), failsWith('wrong-state'));
});

test('a request that the contract does not admit is refused with its place', async (t) => {
  const { socketPath, client } = await serve(t);
  await client.domains.define({ body: sampleXml('web') });
  const json = { 'content-type': 'application/json' };
  const refusals = [
    ['unknown query member', 'GET', '/v1/domains?activ=true', {}],
    ['wrong query type', 'GET', '/v1/domains?active=1', {}],
    ['repeated query member', 'GET', '/v1/domains?active=true&active=false', {}],
    ['negative time', 'POST', '/v1/domains/web/shutdown?waitMs=-1', {}],
    ['missing body', 'PUT', '/v1/domains/web/autostart', {}],
    ['no JSON', 'PUT', '/v1/domains/web/autostart', { headers: json, body: '{' }],
    ['wrong member type', 'PUT', '/v1/domains/web/autostart', { headers: json, body: '{"autostart":"yes"}' }],
    [
      'unknown member',
      'PUT',
      '/v1/domains/web/autostart',
      { headers: json, body: '{"autostart":true,"x":1}' },
    ],
    [
      'prototype pollution',
      'PUT',
      '/v1/domains/web/autostart',
      { headers: json, body: '{"__proto__":{},"autostart":true}' },
    ],
    ['wrong content type', 'POST', '/v1/domains', { headers: json, body: '{}' }],
    ['no content type', 'POST', '/v1/domains', { body: '<domain/>' }],
    [
      'body too large',
      'POST',
      '/v1/domains',
      { headers: { 'content-type': 'application/xml' }, body: 'x'.repeat(5 << 20) },
    ],
    [
      'text that is not UTF-8',
      'POST',
      '/v1/domains',
      {
        headers: { 'content-type': 'application/xml' },
        body: Buffer.from(
          sampleXml('latin').replace('</name>', '</name><title>M\u00fcller</title>'),
          'latin1',
        ),
      },
    ],
    [
      'relative import source',
      'POST',
      '/v1/templates/a/import',
      { headers: json, body: '{"source":"a.tar"}' },
    ],
    [
      'unknown distribution',
      'POST',
      '/v1/templates/a/build',
      { headers: json, body: '{"distribution":"bsd"}' },
    ],
    [
      'busybox with a suite',
      'POST',
      '/v1/templates/a/build',
      { headers: json, body: '{"distribution":"busybox","suite":"x"}' },
    ],
    ['a broken escape in the path', 'GET', '/v1/domains/%', {}],
    ['exec without an upgrade', 'GET', '/v1/domains/web/exec', {}],
  ] as const;
  for (const [what, method, path, options] of refusals) {
    const { status, body } = await raw(socketPath, method, path, options);
    assert.ok(status >= 400 && status < 500, `${what}: ${status}`);
    assert.equal((body as { code?: unknown }).code, 'invalid', what);
  }
  const unknown = await raw(socketPath, 'GET', '/v1/nothing');
  assert.equal(unknown.status, 404);
});

test('a fault of the engine is logged, not told', async (t) => {
  const { engine, socketPath } = await serve(t);
  engine.list = () => {
    throw new TypeError('secret');
  };
  const { status, body } = await raw(socketPath, 'GET', '/v1/domains');
  assert.equal(status, 500);
  assert.equal(JSON.stringify(body).includes('secret'), false);
});

test('a long operation tells its progress and then its result', async (t) => {
  const { client } = await serve(t);
  const folder = await folderFor(t);
  const source = join(folder, 'a.tar');
  await writeFile(source, archive(file('etc/motd')));
  const phases: Progress[] = [];
  const template = await client.templates.import(
    { template: 'a', body: { source } },
    { onProgress: (progress) => phases.push(progress) },
  );
  assert.equal(template.name, 'a');
  assert.deepEqual([...new Set(phases.map(({ phase }) => phase))], ['unpack', 'sync']);
  const again = client.templates.import({ template: 'a', body: { source } });
  await assert.rejects(again, failsWith('exists'));
});

test('an uploaded archive arrives whole, and a failure in its middle is told', async (t) => {
  const { client } = await serve(t);
  const large = archive(file('srv/large', '7'.repeat(24 << 20)));
  const parts = Array.from({ length: Math.ceil(large.length / (1 << 20)) }, (_, at) =>
    large.subarray(at << 20, (at + 1) << 20),
  );
  const sizeBytes = large.length;
  const template = await client.templates.upload({ template: 'up', body: Readable.from(parts), sizeBytes });
  assert.equal(template.sizeBytes, sizeBytes);
  const hostile = client.templates.upload({ template: 'bad', body: archive(file('../x')) });
  await assert.rejects(hostile, failsWith('invalid'));
});

test('an engine that refuses an upload unread is heard all the same', async (t) => {
  const { client, engine } = await serve(t);
  engine.templates.import = async () => {
    const { EngineError } = await import('@ctvirt/engine');
    throw new EngineError('no-space', 'the disk is full');
  };
  const endless = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(1 << 20)));
  await assert.rejects(client.templates.upload({ template: 'x', body: endless }), failsWith('no-space'));
});

test('an engine that refuses an upload in its middle is heard, too', async (t) => {
  const { client, engine } = await serve(t);
  engine.templates.import = async (_name, source) => {
    assert.ok(typeof source !== 'string');
    await once(source, 'data');
    source.destroy(); // as it does with a file
    await new Promise((resolve) => setTimeout(resolve, 50)); // then it clears away
    throw new EngineError('invalid', 'no archive');
  };
  const long = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(1 << 20)));
  await assert.rejects(client.templates.upload({ template: 'x', body: long }), failsWith('invalid'));
  assert.deepEqual(await client.templates.list(), []);
});

test('a client that goes interrupts its long operation', async (t) => {
  const { client, engine } = await serve(t);
  const asked: Promise<unknown>[] = [];
  const { import: take } = engine.templates;
  engine.templates.import = (...words) => {
    const taking = take(...words);
    asked.push(taking.catch((error: unknown) => error));
    return taking;
  };
  const abort = new AbortController();
  const begun = async function* () {
    yield archive(file('etc/motd')).subarray(0, 1024);
    await once(abort.signal, 'abort');
  };
  const call = client.templates.upload(
    { template: 'a', body: Readable.from(begun()) },
    { signal: abort.signal, onProgress: () => abort.abort() },
  );
  await assert.rejects(call, failsWith('interrupted'));
  assert.ok((await asked[0]) instanceof EngineError);
  assert.deepEqual(await engine.templates.list(), []);
});

test('who waits for a domain and leaves keeps nobody waiting for it', async (t) => {
  const engine = await memoryEngine(t);
  await engine.define(sampleXml('b'));
  const left: Promise<unknown>[] = [];
  const wait: typeof engine.wait = async (...asked) => {
    const waiting = engine.wait(...asked);
    left.push(waiting.catch((error: unknown) => error));
    return await waiting;
  };
  const { client } = await serve(t, { ...engine, wait });
  const abort = new AbortController();
  const body = { for: 'running', timeoutMs: 60_000 } as const;
  const call = client.domains.wait({ domain: 'b', body }, { signal: abort.signal });
  await until(() => left.length === 1, 'nobody waits');
  abort.abort();
  await assert.rejects(call, failsWith('interrupted'));
  assert.match(String(await left[0]), /who waited has left/);
});

test('what so many more domains would come to is told, of a profile and of a document', async (t) => {
  const { client } = await serve(t);
  const whatIf = (body: Parameters<typeof client.guarantees.whatIf>[0]['body']) =>
    client.guarantees.whatIf({ body });
  const basic = await whatIf({ profile: 'vps.basic', count: 3 });
  const known = await client.guarantees.show({ profile: 'vps.basic' });
  assert.deepEqual([basic.fits, basic.fitsBy, basic.rows], [known.fits, known.fitsBy, known.rows]);
  for (const [at, row] of basic.after.entries())
    if (row.headroom !== null) assert.equal((basic.rows[at]?.headroom ?? 0) - row.headroom, row.guaranteed);
  assert.deepEqual([basic.count, basic.processors], [3, null]);
  assert.equal(basic.isKept, (basic.fits ?? 0) >= 3);
  const huge = await whatIf({ xml: sampleXml('big', promisedTooMuch) });
  assert.deepEqual([huge.fits, huge.fitsBy?.resource, huge.isKept, huge.count], [0, 'allocation', false, 1]);
  // What says no promise has the usual share of processors, as all have, and is not said to be promised it.
  const free = await whatIf({ xml: sampleXml('free') });
  assert.deepEqual([free.promisesNothing, free.fitsBy?.resource], [true, 'cpu']);
  const shares = '<cputune><shares>512</shares></cputune>';
  for (const one of [basic, huge, await whatIf({ xml: sampleXml('some', shares) })])
    assert.equal(one.promisesNothing, false);
  // Of a domain that there is, with other parameters: what it was promised before counts no more.
  await client.domains.define({ body: sampleXml('kept') });
  await client.domains.start({ domain: 'kept' });
  const units = async (values: Record<string, string>) => {
    const { rows, after, isKept, count } = await whatIf({ domains: ['kept'], values });
    const cpu = (of: typeof rows) => of.find(({ resource }) => resource === 'cpu')?.guaranteed ?? 0;
    return [cpu(after) - cpu(rows), isKept, count];
  };
  assert.deepEqual(await units({ CPUUNITS: '3000' }), [2000, true, 1]);
  assert.deepEqual(await units({ CPUUNITS: '500' }), [-500, true, 1]);
  assert.deepEqual(await units({}), [0, true, 1]);
  const beyond = await whatIf({ domains: ['kept'], values: { VMGUARPAGES: `${2 ** 40}` } });
  assert.deepEqual([beyond.isKept, beyond.fits], [false, null]);
  // One that is off would come beside those that run.
  await client.domains.destroy({ domain: 'kept' });
  assert.deepEqual(await units({ CPUUNITS: '3000' }), [3000, true, 1]);
  await assert.rejects(whatIf({ domains: ['kept'], values: { NUMFOO: '1' } }), { code: 'invalid' });
  await assert.rejects(whatIf({ domains: ['kept'], count: 2 }), { code: 'invalid' });
  await assert.rejects(whatIf({ profile: 'vps.basic', values: {} }), { code: 'invalid' });
  await assert.rejects(whatIf({ domains: ['nosuch'] }), { code: 'not-found' });
  await client.domains.undefine({ domain: 'kept' });
  // All profiles in one answer, each as it is told alone.
  const fits = await client.guarantees.fits();
  const profiles = await client.profiles.list();
  assert.deepEqual(
    fits.map(({ profile }) => profile),
    profiles.map(({ name }) => name),
  );
  for (const { profile, ...fit } of fits) {
    const { fits: many, fitsBy, promisesNothing } = await client.guarantees.show({ profile });
    assert.deepEqual(fit, { fits: many, fitsBy, promisesNothing });
  }
  assert.deepEqual(await client.domains.list(), []);
  await assert.rejects(whatIf({}), failsWith('invalid'));
  await assert.rejects(whatIf({ profile: 'nosuch' }), failsWith('not-found'));
  await assert.rejects(whatIf({ xml: '<domain/>' }), failsWith('invalid'));
});

test('a long operation is a job that is watched, and goes on without its client if that says so', async (t) => {
  const { client, engine } = await serve(t);
  const over = new AbortController();
  const heard: string[] = [];
  const watching = await client.jobs.watch({}, { signal: over.signal });
  const listening = (async () => {
    for await (const { kind, state, template } of watching) heard.push(`${kind} ${state} ${template}`);
  })();
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  async function* slowly() {
    yield archive(file('etc/motd')).subarray(0, 512);
    await held;
    yield archive(file('etc/motd')).subarray(512);
  }
  const leaving = new AbortController();
  const source = join(await folderFor(t), 'slow.tar');
  await writeFile(source, archive(file('etc/motd')));
  const upload = client.templates.upload({ template: 'up', body: Readable.from(slowly()) });
  while (!heard.includes('import running up')) await new Promise((resolve) => setTimeout(resolve, 10));
  const [job] = await client.jobs.list({ running: true });
  assert.match(job?.by ?? '', /process \d+ of root/);
  letGo();
  await upload;
  const left = client.templates.import(
    { template: 'left', body: { source } },
    { signal: leaving.signal, detached: true, onProgress: () => leaving.abort() },
  );
  await left.catch(() => undefined);
  while (engine.jobs.list()[0]?.state === 'running') await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(
    engine.jobs.list().map(({ kind, state, template }) => `${kind} ${state} ${template}`),
    ['import done left', 'import done up'],
  );
  while (!heard.includes('import done left')) await new Promise((resolve) => setTimeout(resolve, 10));
  over.abort();
  await listening;
});

test('configurations are converted with a report, and what cannot be is told with why', async (t) => {
  const { client, engine } = await serve(t);
  const convert = (body: Parameters<typeof client.conversions.convert>[0]['body']) =>
    client.conversions.convert({ body });
  const conf = { path: 'conf/105.conf', text: 'HOSTNAME="old"\nNUMPROC="40:40"\nODD="1"\n' };
  const [made, ...others] = await convert({ files: [conf], inPlace: true });
  assert.deepEqual(others, []);
  assert.deepEqual([made?.name, made?.from, made?.to, made?.isConverted], ['105', 'openvz', 'domxml', true]);
  assert.match(made?.files[0]?.text ?? '', /<domain type='openvz'>/);
  assert.deepEqual(
    made?.report.filter(({ key }) => key === 'ODD').map(({ status, line }) => [status, line]),
    [['ignored', 3]],
  );
  const back = await convert({ files: [{ path: '105.xml', text: made?.files[0]?.text ?? '' }], to: 'lxc' });
  assert.match(back[0]?.files[0]?.text ?? '', /lxc\.uts\.name = old/);
  const two = await convert({ files: [conf, { ...conf, path: 'conf/106.conf' }] });
  assert.deepEqual(
    two.map(({ name }) => name),
    ['105', '106'],
  );
  const [bad] = await convert({ files: [{ path: 'a.xml', text: '<domain/>' }], from: 'domxml', to: 'lxc' });
  assert.deepEqual([bad?.isConverted, bad?.error?.findings[0]?.line], [false, 1]);
  await assert.rejects(convert({ files: [{ path: 'x', text: 'nothing' }] }), {
    code: 'invalid',
    message: /looked for OpenVZ/,
    details: {},
  });
  await assert.rejects(convert({ files: [conf], from: 'openvz', to: 'openvz' }), {
    code: 'invalid',
    details: { format: 'openvz' },
  });
  await assert.rejects(convert({ files: [{ ...conf, link: '/x' }] }), failsWith('invalid'));
  const keys = (count: number) => Array.from({ length: count }, (_, at) => `K${at}=1`).join('\n');
  await assert.rejects(convert({ files: [{ ...conf, text: keys(2001) }] }), failsWith('invalid'));
  const many = Array.from({ length: 11 }, (_, at) => ({ path: `conf/${at + 200}.conf`, text: keys(1900) }));
  await assert.rejects(convert({ files: many }), failsWith('invalid'));
  assert.deepEqual(engine.list(), []);
});

test('others are answered while the largest conversion goes on', async (t) => {
  const { client } = await serve(t);
  // What this process has worked: how much of a processor it has meanwhile is nothing of ours.
  const msSince = (before: NodeJS.CpuUsage): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const keys = Array.from({ length: 2000 }, (_, at) => `K${at}=1`).join('\n');
  const large = Array.from({ length: 5 }, (_, at) => ({ path: `conf/${at + 200}.conf`, text: keys }));
  const small = Array.from({ length: 600 }, (_, at) => ({ path: `conf/${at + 300}.conf`, text: 'ODD=1\n' }));
  const around = Array.from({ length: 16 }, (_, at) => ({
    path: at === 0 ? '/lxc/web/config' : `/inc/${at}`,
    text: `lxc.include = /inc/${at + 1}\n`.repeat(3),
  }));
  for (const files of [large, small, around]) {
    let longestMs = 0;
    let isOver = false;
    const others = (async () => {
      while (!isOver) {
        const asked = process.cpuUsage();
        await client.host.version();
        longestMs = Math.max(longestMs, msSince(asked));
      }
    })();
    const began = process.cpuUsage();
    await client.conversions.convert({ body: { files } });
    isOver = true;
    await others;
    const tookMs = msSince(began);
    assert.ok(longestMs < 2000, `others waited for ${longestMs} of ${tookMs} ms`);
  }
});

test('what define would say is told, and nothing is defined', async (t) => {
  const { client, engine } = await serve(t);
  const check = (body: string, strict?: boolean) => client.domains.validate({ body, strict });
  const good = await check(sampleXml('web'));
  assert.deepEqual([good.isValid, good.domain, good.isChange, good.error], [true, 'web', false, null]);
  assert.deepEqual(engine.list(), []);
  assert.deepEqual((await engine.check()).stray, [], 'nothing is made');
  const odd = sampleXml('web').replace('</name>', '</name><nosuch/>');
  assert.equal((await check(odd)).findings[0]?.code, 'unknown-element');
  const refused = await check(odd, true);
  assert.deepEqual([refused.isValid, refused.error?.code], [false, 'invalid']);
  assert.equal(refused.findings[0]?.line, 1);
  assert.equal((await check('<domain')).findings[0]?.code, 'syntax');
  const { domain } = await client.domains.define({ body: sampleXml('web') });
  assert.equal((await check(sampleXml('web'))).isChange, true);
  const other = sampleXml('web').replace(
    '</name>',
    '</name><uuid>11111111-2222-4333-8444-555555555555</uuid>',
  );
  assert.equal((await check(other)).error?.code, 'exists');
  const stolen = sampleXml('other').replace('</name>', `</name><uuid>${domain.uuid}</uuid>`);
  assert.equal((await check(stolen)).error?.code, 'exists');
  const big = sampleXml('big', promisedTooMuch);
  const { findings } = await check(big);
  assert.ok(findings.length > 0);
  assert.deepEqual((await client.domains.define({ body: big })).findings, findings);
  // What was taken for the moment is free again.
  await client.domains.define({ body: sampleXml('other') });
});

test('all that this host refuses a document for is told at its place, and what would keep its domain from starting', async (t) => {
  const { client, engine } = await serve(t);
  const check = (body: string) => client.domains.validate({ body });
  const { domain } = await client.domains.define({ body: sampleXml('web') });
  const placesOf = ({ findings }: Validation, of: string) =>
    findings.flatMap(({ code, line, message }) => (code === of ? [`${line}: ${message.slice(0, 60)}`] : []));
  // What ctvirt cannot have, each in a line of its own.
  const impossible = `<domain type='lxc'>
  <name>odd</name>
  <os><type>hvm</type></os>
  <devices>
    <filesystem type='volume'><source pool='p' volume='v'/><target dir='/'/></filesystem>
    <filesystem type='dataset'>
      <source name='/tank/web'/>
    </filesystem>
    <interface type='user'/>
  </devices>
</domain>`;
  const refused = await check(impossible);
  assert.deepEqual([refused.isValid, refused.starts, refused.error?.code], [false, false, 'unsupported']);
  assert.match(refused.error?.message ?? '', /not 'hvm', and 3 more$/);
  assert.deepEqual(
    refused.findings.filter(({ code }) => code === 'refused').map(({ line, severity }) => [line, severity]),
    [
      [3, 'error'],
      [5, 'error'],
      [7, 'error'],
      [9, 'error'],
    ],
    JSON.stringify(refused.findings),
  );
  // What this host has no room for.
  const taken = await check(`<domain type='lxc'>
  <name>other</name>
  <uuid>${domain.uuid}</uuid>
  <os><type>exe</type></os>
  <devices>
    <filesystem type='template'><source name='nosuch'/><target dir='/'/></filesystem>
    <filesystem type='mount'><source dir='/proc'/><target dir='/a'/></filesystem>
  </devices>
</domain>`);
  assert.deepEqual([taken.isValid, taken.error?.code], [false, 'exists']);
  assert.deepEqual(
    taken.findings.filter(({ code }) => code === 'refused').map(({ line }) => line),
    [3, 6, 7],
  );
  // What is not there, but may be by the time of a start.
  const absent = sampleXml('absent')
    .replace('</name>', "</name><vcpu cpuset='0,9000'>99</vcpu>")
    .replace(
      '</devices>',
      `<filesystem type='mount'><source dir='/nowhere/one'/><target dir='/one'/></filesystem>
<filesystem type='file'><source file='/nowhere/two.img'/><target dir='/two'/></filesystem>
<hostdev mode='capabilities' type='misc'><source><char>/dev/nosuch</char></source></hostdev></devices>`,
    );
  const told = await check(absent);
  assert.deepEqual([told.isValid, told.starts, told.error], [true, false, null], JSON.stringify(told));
  const sources = placesOf(told, 'no-source');
  assert.equal(sources.length, 3, JSON.stringify(sources));
  assert.ok(sources.every((one) => /^[1-9]\d*: /.test(one)));
  assert.match(placesOf(told, 'no-start').join(), /cpuset\.cpus of 9000 cannot be had; this host has/);
  assert.match(placesOf(told, 'not-enforced').join(), /99 processors limit nothing: this host has/);
  assert.equal((await check(sampleXml('fine'))).starts, true);
  assert.deepEqual(
    engine.list().map(({ name }) => name),
    ['web'],
  );
});

test('a document is changed only if it is still the one that was read', async (t) => {
  const { client, engine, socketPath } = await serve(t);
  await client.domains.define({ body: sampleXml('web') });
  const read = async (): Promise<{ xml: string; tag: string }> => {
    let tag = '';
    const xml = await client.domains.xml(
      { domain: 'web', inactive: true },
      { onTag: (told) => (tag = told) },
    );
    return { xml, tag };
  };
  const titled = (xml: string, title: string) => xml.replace('</name>', `</name><title>${title}</title>`);
  const first = await read();
  assert.match(first.tag, /^"[0-9a-f]{32}"$/);
  assert.equal((await read()).tag, first.tag);
  const change = (title: string, ifMatch?: string) =>
    client.domains.redefine({ domain: 'web', body: titled(first.xml, title), ifMatch });
  assert.equal((await change('one', first.tag)).domain.title, 'one');
  const late: unknown = await change('two', first.tag).catch((error: unknown) => error);
  assert.ok(late instanceof ApiError && late.code === 'changed');
  assert.match(
    late.message,
    /^the document of domain 'web' was changed meanwhile: \d{4}-\S+Z, by \S+ \(process \d+ of root\)$/,
  );
  assert.match(String(late.details['by']), new RegExp(`process ${process.pid} `));
  assert.equal(engine.summary('web').title, 'one');
  const put = (ifMatch: string) =>
    raw(socketPath, 'PUT', '/v1/domains/web/xml', {
      headers: { 'content-type': 'application/xml', 'if-match': ifMatch },
      body: titled(first.xml, 'three'),
    });
  assert.equal((await put(first.tag)).status, 412);
  assert.equal((await put(`"x", W/${(await read()).tag}`)).status, 200);
  assert.equal((await put('*')).status, 200);
  assert.equal((await change('four')).domain.title, 'four', 'who names none has the last word');
  await engine.set('web', { hostname: 'five' }, { live: false, stored: true });
  await assert.rejects(change('six', (await read()).tag.replace(/./g, '0')), failsWith('changed'));
  // Of what it runs with the tag is another one, though nobody has changed anything.
  await engine.start('web');
  let live = '';
  await client.domains.xml({ domain: 'web' }, { onTag: (told) => (live = told) });
  await assert.rejects(change('six', live), {
    code: 'changed',
    message: /^the tag is that of the document that domain 'web' runs with, .*\?inactive=true/,
  });
  await engine.define(sampleXml('never'));
  await assert.rejects(
    client.domains.redefine({ domain: 'never', body: sampleXml('never'), ifMatch: '"0"' }),
    {
      code: 'changed',
      message: /^the document of domain 'never' is not the one of that tag, and is as it was since/,
    },
  );
  await assert.rejects(
    client.domains.redefine({ domain: 'web', body: sampleXml('other') }),
    failsWith('invalid'),
    'a document of another one',
  );
  await assert.rejects(
    client.domains.redefine({ domain: 'nosuch', body: first.xml }),
    failsWith('not-found'),
  );
});

test('a change is not made under a condition that nobody looks at', async (t) => {
  const { client, engine, socketPath } = await serve(t);
  await client.domains.define({ body: sampleXml('web') });
  const ask = async (method: string, path: string, header: string) =>
    (
      await raw(socketPath, method, path, {
        headers: { 'content-type': 'application/xml', [header]: '*' },
        body: method === 'DELETE' ? '' : sampleXml('web').replace('</name>', '</name><title>new</title>'),
      })
    ).status;
  const { status } = await raw(socketPath, 'GET', '/v1/domains/web', {
    headers: { 'if-none-match': '"x"' },
  });
  assert.equal(status, 200);
  assert.equal(await ask('DELETE', '/v1/domains/web', 'if-match'), 422);
  assert.equal(await ask('POST', '/v1/domains', 'if-match'), 422);
  for (const header of ['if-none-match', 'if-modified-since', 'if-unmodified-since'])
    for (const [method, path] of [
      ['POST', '/v1/domains'],
      ['PUT', '/v1/domains/web/xml'],
    ] as const)
      assert.equal(await ask(method, path, header), 422, `${method} ${path} ${header}`);
  assert.equal(engine.summary('web').title, null);
});

test('events arrive from the moment the watch begins, and leave no listener behind', async (t) => {
  const { client, engine } = await serve(t);
  await client.domains.define({ body: sampleXml('b') });
  const abort = new AbortController();
  const all = await client.events.watch({}, { signal: abort.signal });
  const one = await client.events.watch({ domain: 'b' }, { signal: abort.signal });
  assert.equal(engine.listeners(), 2);
  const seen: [string[], string[]] = [[], []];
  const collect = async (events: AsyncIterable<DomainEvent | EventGap>, told: string[]) => {
    for await (const line of events) if (line.event !== 'gap') told.push(`${line.domain.name} ${line.event}`);
  };
  const both = [collect(all, seen[0]), collect(one, seen[1])];
  for (const name of ['a', 'b']) await client.domains.define({ body: sampleXml(name) });
  await client.domains.start({ domain: 'b' });
  // Both have been told of the last.
  await until(() => seen.every((told) => told.at(-1) === 'b started'), 'an event is missing');
  abort.abort();
  await Promise.all(both);
  assert.deepEqual(seen, [
    ['a defined', 'b defined', 'b started'],
    ['b defined', 'b started'],
  ]);
  await until(() => engine.listeners() === 0, 'somebody listens');
});

test('events of one domain are asked for by its name, UUID or id, and of an unknown one not to be had', async (t) => {
  const { client, engine } = await serve(t);
  await assert.rejects(client.events.watch({ domain: 'nosuch' }), failsWith('not-found'));
  assert.equal(engine.listeners(), 0);
  await client.domains.define({ body: sampleXml('b') });
  const { name, uuid, id } = await client.domains.start({ domain: 'b' });
  const watching = await Promise.all(
    [name, uuid, String(id)].map((domain) => client.events.watch({ domain })),
  );
  await client.domains.destroy({ domain: 'b' });
  for (const events of watching)
    for await (const { event } of events) {
      assert.equal(event, 'stopped');
      break;
    }
});

test('who lost the connection gets what happened meanwhile, and is told where it is not known any more', async (t) => {
  const { client, engine } = await serve(t);
  const told = async (query: Parameters<typeof client.events.watch>[0]) => {
    const lines: string[] = [];
    for await (const line of await client.events.watch({ ...query, follow: false }))
      lines.push(line.event === 'gap' ? `gap ${line.detail}` : `${line.domain.name} ${line.event}`);
    return lines;
  };
  for (const name of ['a', 'b']) await client.domains.define({ body: sampleXml(name) });
  const [first] = engine.pastEvents().events;
  await client.domains.start({ domain: 'b' });
  await client.domains.undefine({ domain: 'a' });
  assert.ok(first);
  assert.deepEqual(await told({ since: first.seq }), ['b defined', 'b started', 'a undefined']);
  assert.deepEqual(await told({ last: 2 }), ['b started', 'a undefined']);
  assert.deepEqual(await told({ last: 1, domain: 'b' }), ['b started']);
  assert.deepEqual(await told({ last: 9, domain: 'a' }), ['a defined', 'a undefined'], 'of one that is gone');
  assert.deepEqual(await told({ since: 0 }), ['gap restarted']);
  assert.deepEqual(await told({ since: first.seq + 9 }), ['gap restarted']);
  await assert.rejects(told({ since: 1, last: 1 }), failsWith('invalid'));
  await assert.rejects(told({ last: 1, domain: 'nosuch' }), failsWith('not-found'));
  assert.equal(engine.listeners(), 0);
  const abort = new AbortController();
  const seen: string[] = [];
  for await (const line of await client.events.watch({ since: first.seq + 2 }, { signal: abort.signal })) {
    seen.push(line.event);
    if (seen.length === 1) await client.domains.destroy({ domain: 'b' });
    else break;
  }
  assert.deepEqual(seen, ['undefined', 'stopped'], 'and goes on');
});

test('what running domains use stands between events, at once and with each look', async (t) => {
  const { client } = await serve(t);
  await client.domains.define({ body: sampleXml('used') });
  await client.domains.start({ domain: 'used' });
  const { uuid } = await client.domains.summary({ domain: 'used' });
  const lines = await client.events.withUsage({ follow: false, last: 1 });
  const seen = [];
  for await (const line of lines) seen.push(line);
  const [usage, event] = seen;
  assert.ok(usage?.event === 'usage' && event?.event === 'started');
  assert.deepEqual([usage.series[0], usage.domains[0]?.uuid, usage.domains.length], ['cpu', uuid, 1]);
  assert.equal(usage.domains[0]?.values.length, usage.series.length);
  const { policy, rows } = await client.guarantees.show();
  const promised = (of: typeof rows) => of.map(({ resource, guaranteed }) => [resource, guaranteed]);
  assert.deepEqual(usage.promises && [usage.promises.policy, promised(usage.promises.rows)], [
    policy,
    promised(rows),
  ]);
  const [given, ...others] = await client.guarantees.delivered({ domain: uuid });
  assert.deepEqual([given?.name, others], ['used', []]);
  assert.deepEqual(usage.domains[0]?.verdicts, { cpu: given?.cpu.verdict, memory: given?.memory.verdict });
  await client.domains.destroy({ domain: 'used' });
  assert.deepEqual(await client.guarantees.delivered({ domain: uuid }), []);
  await assert.rejects(client.guarantees.delivered({ domain: 'nosuch' }), failsWith('not-found'));
});

test('networks have events of the past, too', async (t) => {
  const { client } = await serve(t);
  await client.networks.define({ body: networkXml('inner') });
  const seen: string[] = [];
  for await (const line of await client.events.networks({ last: 1, network: 'inner', follow: false }))
    seen.push(line.event);
  assert.deepEqual(seen, ['defined']);
});

test('a closing daemon ends its streams', async (t) => {
  const { client, close } = await serve(t);
  const events = await client.events.watch();
  const ended = (async () => {
    for await (const _ of events) assert.fail('no event was due');
  })();
  const outcome = ended.catch((error: unknown) => error);
  await close();
  const error = await outcome;
  assert.ok(error === undefined || error instanceof ApiError);
});

test('a missing daemon is named with its socket', async () => {
  const client = createClient({ socketPath: '/nonexistent/http.sock' });
  await assert.rejects(client.domains.list(), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, 'unreachable');
    assert.match(error.message, /\/nonexistent\/http\.sock/);
    return true;
  });
});

test('ten thousand domains are listed in one answer', async (t) => {
  const { client, engine } = await serve(t);
  const { domain } = await engine.define(sampleXml('web'));
  engine.list = () => Array.from({ length: 10_000 }, (_, at) => ({ ...domain, name: `domain-${at}` }));
  assert.equal((await client.domains.list()).length, 10_000);
});

test('a list is told row by row to who accepts that, the first before the last is known', async (t) => {
  const { client, engine } = await serve(t);
  const { domain } = await engine.define(sampleXml('web'));
  let go = (): void => undefined;
  const goOn = new Promise<void>((resolve) => {
    go = resolve;
  });
  const [usage] = await client.usage.list();
  assert.ok(usage);
  engine.eachUsage = async function* () {
    for (let at = 0; at < 100; at++) yield { ...usage, name: `domain-${at}` };
    await goOn;
    yield { ...usage, name: 'last' };
  };
  const seen: string[] = [];
  const all = client.usage.list({}, { onRow: ({ name }) => void (seen.push(name) === 1 && go()) });
  assert.equal((await all).length, 101);
  assert.equal(seen.at(-1), 'last');
  engine.list = () => Array.from({ length: 10_000 }, (_, at) => ({ ...domain, name: `domain-${at}` }));
  let rows = 0;
  await client.domains.list({}, { onRow: () => rows++ });
  assert.equal(rows, 10_000);
  engine.eachUsage = async function* () {
    for (let at = 0; at < 100; at++) yield usage;
    throw new Error('broken');
  };
  await assert.rejects(client.usage.list({}, { onRow: () => undefined }), failsWith('unreachable'));
  await assert.rejects(client.usage.list(), failsWith('internal'));
});

test('the served OpenAPI document tells every operation', async (t) => {
  const { socketPath } = await serve(t);
  const { body } = await raw(socketPath, 'GET', '/openapi.json');
  const { paths } = body as { paths: Record<string, Record<string, unknown>> };
  for (const operations of Object.values(resources))
    for (const { method, path } of Object.values<Route>(operations))
      assert.ok(paths[path]?.[method.toLowerCase()], `${method} ${path}`);
});
