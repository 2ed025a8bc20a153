// What may be said of ports in one word.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CliError } from './errors.js';
import { hostPorts, insidePorts, parseForwardWord } from './forward-word.js';

test('words are read as they are meant', () => {
  const words = {
    'tcp:2222:22': { protocol: 'tcp', start: 2222, to: 22 },
    'udp:53': { protocol: 'udp', start: 53 },
    'UDP:53:53': { protocol: 'udp', start: 53, to: 53 },
    'tcp:8000-8010:80-90': { protocol: 'tcp', start: 8000, end: 8010, to: 80 },
    'tcp:8000-8010': { protocol: 'tcp', start: 8000, end: 8010 },
  } as const;
  for (const [word, meant] of Object.entries(words)) assert.deepEqual(parseForwardWord(word), meant, word);
});

test('others are refused with what is wrong and an example', () => {
  const refused = {
    '2222:22': /does not begin with tcp: or udp:: did you mean 'tcp:2222:22'\?; for example tcp:2222:22/,
    'sctp:1': /does not begin with tcp: or udp:;/,
    tcp: /does not say which of the host's ports/,
    'tcp:': /does not say which of the host's ports/,
    'tcp:ssh': /has 'ssh' where a port or a range such as 80-90 stands/,
    'tcp:80:': /has '' where a port/,
    'tcp:0': /has the port 0, which is not between 1 and 65535/,
    'tcp:80:65536': /has the port 65536/,
    'tcp:90-80': /has a range that ends before it begins: 90-80/,
    'tcp:8000-8010:80': /has 11 ports of the host and 1 of the container: did you mean 80-90\?/,
    'tcp:80:8000-8010': /has 1 ports of the host and 11 of the container;/,
    'tcp:192.0.2.1:80:80': /has more than two ports: an address of the host is given by --address/,
    'tcp:80:80/tcp': /has '80\/tcp' where/,
  };
  for (const [word, why] of Object.entries(refused))
    assert.throws(
      () => parseForwardWord(word),
      (error) => error instanceof CliError && error.code === 'usage' && why.test(error.message),
      word,
    );
});

test('what is printed is read again as the same', () => {
  const port = fc.integer({ min: 1, max: 60_000 });
  fc.assert(
    fc.property(port, port, fc.integer({ min: 0, max: 5000 }), (start, to, more) => {
      const row = {
        ...{
          domain: 'a',
          interface: 'eth0',
          network: 'n',
          protocol: 'tcp' as const,
          address: null,
          dev: null,
        },
        ...{ start, end: start + more, to, targets: [], active: true },
      };
      const read = parseForwardWord(`tcp:${hostPorts(row)}:${insidePorts(row)}`);
      assert.deepEqual([read.start, read.end ?? read.start, read.to], [start, start + more, to]);
    }),
  );
});
