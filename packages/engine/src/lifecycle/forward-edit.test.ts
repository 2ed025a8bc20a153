// Ports added to documents and taken out of them, port by port.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForwardPorts } from '@ctvirt/api';
import type { Domain, Interface } from '@ctvirt/xml';
import fc from 'fast-check';
import { isFault } from '../errors.js';
import { forwardsOf } from '../network/port-forwards.js';
import { addForwards, removeForwards } from './forward-edit.js';

const where = { network: undefined, forwards: (network: string) => network !== 'closed' };
const on = (network: string, portForwards?: Interface['portForwards']): Interface => ({
  type: 'network',
  source: { network },
  ...(portForwards !== undefined && { portForwards }),
});
const domainWith = (...interfaces: Interface[]): Domain => ({
  ...{ type: 'lxc', name: 'web', os: { type: { value: 'exe' } } },
  devices: { interfaces },
});
const ssh = { protocol: 'tcp', start: 2222, to: 22 } as const;

test('ports go to the first interface that can have them, or to that of a network', () => {
  const domain = domainWith(on('closed'), on('a'), on('b'));
  const placed = (network: string | undefined) =>
    addForwards([ssh], { ...where, network })(domain).devices.interfaces?.map(
      ({ portForwards }) => portForwards?.length ?? 0,
    );
  assert.deepEqual(placed(undefined), [0, 1, 0]);
  assert.deepEqual(placed('b'), [0, 0, 1]);
  for (const network of ['closed', 'none'])
    assert.throws(
      () => placed(network),
      (error) => isFault(error, 'unsupported'),
    );
});

test('those of one kind stand together, unless something is left out there', () => {
  const known = on('a', [
    {
      proto: 'tcp',
      ranges: [
        { start: 1, end: 9 },
        { start: 5, exclude: true },
      ],
    },
    { proto: 'tcp', address: '2001:db8:0::1', ranges: [{ start: 80 }] },
  ]);
  const more = { protocol: 'tcp', start: 81, address: '2001:db8::1' } as const;
  const after = addForwards([ssh, more], where)(domainWith(known)).devices.interfaces?.[0]?.portForwards;
  assert.deepEqual(
    after?.map(({ ranges }) => ranges?.map(({ start }) => start)),
    [[1, 5], [80, 81], [2222]],
  );
});

test('what is not there is refused by its name', () => {
  const domain = domainWith(
    on('a', [{ proto: 'tcp', address: '192.0.2.1', ranges: [{ start: 2222, to: 22 }] }]),
  );
  for (const wrong of [{ to: 23 }, { address: '192.0.2.2' }, { protocol: 'udp' as const }, { dev: 'eth0' }])
    assert.throws(
      () => removeForwards([{ ...ssh, ...wrong }], where)(domain),
      (error) => isFault(error, 'not-found') && /`ctvirt forward web` shows/.test(error.message),
    );
  assert.deepEqual(removeForwards([ssh], where)(domain), domainWith(on('a')));
});

const ports = fc
  .record({
    start: fc.integer({ min: 1, max: 30 }),
    more: fc.integer({ min: 0, max: 5 }),
    by: fc.constantFrom(0, 100),
  })
  .map(
    ({ start, more, by }): ForwardPorts => ({ protocol: 'tcp', start, end: start + more, to: start + by }),
  );
const led = (domain: Domain) =>
  new Map(
    forwardsOf(domain).flatMap(({ start, end, to }) =>
      Array.from({ length: end - start + 1 }, (_, at): [number, number] => [start + at, to + at]),
    ),
  );

test('ports that are removed lead nowhere, and all others where they did', () => {
  fc.assert(
    fc.property(fc.array(ports, { minLength: 1, maxLength: 5 }), ports, (all, { to: _to, ...gone }) => {
      const before = addForwards(all, where)(domainWith(on('a')));
      const wanted = led(before);
      let isThere = false;
      for (let port = gone.start; port <= (gone.end ?? 0); port++) isThere = wanted.delete(port) || isThere;
      if (isThere) assert.deepEqual(led(removeForwards([gone], where)(before)), wanted);
      else assert.throws(() => removeForwards([gone], where)(before));
    }),
  );
});
