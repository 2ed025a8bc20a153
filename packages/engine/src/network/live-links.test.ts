// Which links a live change adds and removes, and that no two get one name.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, type Interface, parseDomainOrThrow } from '@ctvirt/xml';
import fc from 'fast-check';
import { EngineError } from '../errors.js';
import { linksOf } from '../lifecycle/links.js';
import type { DomainRecord } from '../state/record.js';
import { changedLinks, withLinkNames } from './live-links.js';

const domainWith = (interfaces: readonly Interface[]): Domain => {
  const domain = parseDomainOrThrow(
    "<domain type='lxc'><name>x</name><devices><filesystem type='mount'><source dir='/x'/><target dir='/'/></filesystem></devices></domain>",
  );
  return { ...domain, devices: { ...domain.devices, interfaces: [...interfaces] } };
};
const link = (last: number): Interface => ({
  type: 'bridge',
  source: { bridge: 'br0' },
  mac: { address: `52:54:00:00:00:${last.toString(16).padStart(2, '0')}` },
});
const record = {
  uuid: '00000000-0000-0000-0000-000000000001',
  ids: { start: 65536, count: 65536 },
} as DomainRecord;
const named = (domain: Domain): Domain =>
  domainWith(withLinkNames(domain.devices.interfaces ?? [], linksOf(domain, record)));

test('links come and go by what they are, not by their place', () => {
  const before = domainWith([link(1), link(2)]);
  const after = domainWith([link(2), link(3)]);
  assert.deepEqual(changedLinks(before, after), {
    gone: [0],
    come: [1],
    kept: [{ from: 1, to: 0 }],
    reshaped: [],
    retagged: [],
  });
  const kept = [0, 1].map((at) => ({ from: at, to: at }));
  assert.deepEqual(changedLinks(before, before), { gone: [], come: [], kept, reshaped: [], retagged: [] });
});

test('a link at another rate, with another filter or in another VLAN stays the link it is', () => {
  const faster = { ...link(2), bandwidth: { inbound: { average: 100 } } };
  const changes = changedLinks(domainWith([link(1), link(2)]), domainWith([faster]));
  const kept = [{ from: 1, to: 0 }];
  assert.deepEqual(changes, { gone: [0], come: [], kept, reshaped: kept, retagged: [] });
  const filtered = { ...link(2), filterref: { filter: 'clean-traffic' }, port: { isolated: true } };
  const others = changedLinks(domainWith([link(1), link(2)]), domainWith([filtered]));
  assert.deepEqual(others, { gone: [0], come: [], kept, reshaped: [], retagged: [] });
  const tagged = { ...link(2), vlan: { tags: [{ id: 42 }] } };
  const moved = changedLinks(domainWith([link(1), link(2)]), domainWith([tagged]));
  assert.deepEqual(moved, { gone: [0], come: [], kept, reshaped: [], retagged: kept });
});

test('other devices of a running domain stay', () => {
  const before = domainWith([]);
  const after = { ...before, devices: { ...before.devices, consoles: [{ type: 'pty' as const }] } };
  assert.throws(
    () => changedLinks(before, after as Domain),
    (error) => error instanceof EngineError && error.code === 'unsupported',
  );
});

test('whatever is attached and detached, links keep their names and no two share one', () => {
  const step = fc.record({ attach: fc.boolean(), place: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let domain = named(domainWith([link(0)]));
      let next = 1;
      for (const { attach, place } of steps) {
        const list = domain.devices.interfaces ?? [];
        const before = new Map(list.map((one) => [one.mac?.address, one.guest?.dev]));
        const changed = attach
          ? [...list, link(next++)]
          : list.filter((_, at) => at !== place % (list.length || 1));
        domain = named(domainWith(changed));
        const now = domain.devices.interfaces ?? [];
        for (const { mac, guest } of now) {
          const earlier = before.get(mac?.address);
          if (earlier !== undefined) assert.equal(guest?.dev, earlier);
        }
        for (const names of [now.map(({ guest }) => guest?.dev), now.map(({ target }) => target?.dev)])
          assert.equal(new Set(names).size, names.length, names.join(' '));
      }
    }),
  );
});
