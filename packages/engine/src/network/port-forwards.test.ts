// Which ports of the host a document asks for, and whom they collide with.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PortForward } from '../networks/contract/plan.js';
import { forwardsIn, portsInWords, sharedPorts } from './port-forwards.js';

const forward = (given: Partial<PortForward> = {}): PortForward => ({
  ...{ protocol: 'tcp', address: undefined, start: 2222, end: 2222, to: 22 },
  ...given,
});

test('a range leads to as many ports, and what is left out leads nowhere', () => {
  assert.deepEqual(forwardsIn({ proto: 'tcp', ranges: [{ start: 2222, to: 22 }] }), [forward()]);
  assert.deepEqual(
    forwardsIn({
      ...{ proto: 'udp', address: '2001:DB8:0::1', dev: 'eth0' },
      ranges: [
        { start: 8000, end: 8010, to: 80 },
        { start: 8000, exclude: true },
        { start: 8005, end: 8007, exclude: true },
        { start: 9000, end: 9001 },
      ],
    }),
    [
      { start: 8001, end: 8004, to: 81 },
      { start: 8008, end: 8010, to: 88 },
      { start: 9000, end: 9001, to: 9000 },
    ].map((range) => ({ protocol: 'udp', address: '2001:db8::1', dev: 'eth0', ...range })),
  );
});

test('without a range it is all of them', () => {
  assert.deepEqual(
    forwardsIn({ proto: 'tcp', address: '192.0.2.1', ranges: [{ start: 22, exclude: true }] }).map(
      ({ start, end, to }) => [start, end, to],
    ),
    [
      [1, 21, 1],
      [23, 65_535, 23],
    ],
  );
});

test('all addresses are one of them, and any link each', () => {
  const here = forward({ address: '192.0.2.1' });
  assert.equal(sharedPorts(forward(), here), 'tcp port 2222 of the host');
  assert.equal(sharedPorts(here, forward({ address: '192.0.2.2' })), undefined);
  assert.equal(sharedPorts(forward(), forward({ protocol: 'udp' })), undefined);
  assert.equal(sharedPorts(forward({ dev: 'eth0' }), forward({ dev: 'eth1' })), undefined);
  assert.equal(sharedPorts(forward({ dev: 'eth0' }), here), 'tcp port 2222 of the host by eth0');
  assert.equal(portsInWords(forward({ end: 2230 })), 'tcp ports 2222 to 2230 of the host');
});

const port = fc.integer({ min: 1, max: 40 });
const some = fc
  .record({
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    address: fc.constantFrom(undefined, '192.0.2.1', '2001:db8::1', '0.0.0.0', '::'),
    dev: fc.constantFrom('', 'eth0', 'eth1'),
    start: port,
    more: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ dev, more, ...one }): PortForward => {
    return { ...one, end: one.start + more, to: 1, ...(dev !== '' && { dev }) };
  });

test('two share ports exactly if some packet could be for both', () => {
  const arrives = [1, 2].flatMap((link) =>
    ['192.0.2.1', '2001:db8::1', '192.0.2.9'].map((address) => ({ dev: `eth${link - 1}`, address })),
  );
  const takes = (one: PortForward, at: { dev: string; address: string }, number: number): boolean =>
    [undefined, at.address, at.address.includes(':') ? '::' : '0.0.0.0'].includes(one.address) &&
    (one.dev ?? at.dev) === at.dev &&
    one.start <= number &&
    number <= one.end;
  fc.assert(
    fc.property(some, some, (a, b) => {
      const numbers = Array.from({ length: 50 }, (_, at) => at + 1);
      const isMet =
        a.protocol === b.protocol &&
        arrives.some((at) => numbers.some((number) => takes(a, at, number) && takes(b, at, number)));
      assert.equal(sharedPorts(a, b) !== undefined, isMet);
      assert.equal(sharedPorts(b, a) !== undefined, isMet);
    }),
  );
});

test('what is left out of ranges is what their text says, port by port', () => {
  const span = fc
    .record({ start: port, more: fc.integer({ min: 0, max: 9 }), exclude: fc.boolean() })
    .map(({ more, ...one }) => ({ ...one, end: one.start + more }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), (ranges) => {
      const found = forwardsIn({ proto: 'tcp', ranges });
      const meant = ranges.filter(({ exclude }) => !exclude);
      for (let number = 1; number <= 60; number++) {
        const has = ({ start, end }: { start: number; end: number }) => start <= number && number <= end;
        const isWanted =
          (meant.length === 0 || meant.some(has)) &&
          !ranges.some((range) => range.exclude === true && has(range));
        assert.equal(found.some(has), isWanted, `${number}`);
      }
    }),
  );
});
