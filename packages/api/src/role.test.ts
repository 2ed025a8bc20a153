// Which role each route asks for: what is more or less than its method lets expect stands here by name.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiDocument } from './openapi.js';
import { resources } from './resources.js';
import { mayAs, type Role, roles } from './role.js';
import type { Resource, Route } from './route.js';

const routes = Object.entries<Resource>(resources).flatMap(([resource, operations]) =>
  Object.entries<Route>(operations).map(([operation, route]) => ({
    name: `${resource}.${operation}`,
    route,
  })),
);
const named = (is: (route: Route) => boolean): string[] =>
  routes.flatMap(({ name, route }) => (is(route) ? [name] : []));

test('each role may what those before it may, and no more', () => {
  const may = (has: Role) => roles.filter((wanted) => mayAs(has, wanted));
  assert.deepEqual(may('anyone'), ['anyone']);
  assert.deepEqual(may('metrics'), ['anyone', 'metrics']);
  assert.deepEqual(may('operator'), ['anyone', 'metrics', 'viewer', 'operator']);
  assert.deepEqual(may('admin'), [...roles]);
});

test('a viewer changes nothing', () => {
  assert.deepEqual(
    named(({ method, role }) => method !== 'GET' && mayAs('viewer', role)),
    ['domains.wait', 'conversions.convert', 'guarantees.whatIf', 'web.enter', 'web.leave'],
  );
});

test('who looks into a guest is an operator: programs, consoles, files, processes; who sees sessions an admin', () => {
  assert.deepEqual(
    named(({ method, role }) => method === 'GET' && !mayAs('viewer', role)),
    [
      'domains.candidates',
      'domains.consoleLog',
      'domains.exec',
      'domains.push',
      'domains.pull',
      'domains.console',
      'terminals.list',
      'terminals.attach',
      'snapshots.diff',
      'archives.stream',
      'usage.processes',
      'web.list',
    ],
  );
  assert.deepEqual(
    named(({ answer, role }) => answer.kind === 'session' && !mayAs(role, 'operator')),
    [],
  );
});

test('an operator runs what is there, and neither defines nor erases', () => {
  assert.deepEqual(
    named(({ method, role }) => method !== 'GET' && role === 'operator'),
    [
      'domains.setParameters',
      'domains.start',
      'domains.shutdown',
      'domains.reboot',
      'domains.destroy',
      'domains.suspend',
      'domains.resume',
      'domains.autostart',
      'jobs.cancel',
      'jobs.abort',
      'terminals.end',
      'snapshots.create',
      'snapshots.describe',
      'backups.create',
      'backups.check',
      'networks.start',
      'networks.stop',
      'networks.autostart',
      'quota.setOwner',
    ],
  );
});

test('the OpenAPI document says the role of each operation', () => {
  const text = JSON.stringify(openApiDocument());
  assert.equal(text.match(/"x-role":"(?:anyone|metrics|viewer|operator|admin)"/g)?.length, routes.length);
});
