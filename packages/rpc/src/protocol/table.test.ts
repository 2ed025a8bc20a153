// The protocol table: numbers are unique, and every shape decodes what it encodes.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RpcError } from '../errors.js';
import { arbitraryOf } from '../testing/shape-arbitraries.js';
import { type Shape, XdrReader, XdrWriter } from '../xdr.js';
import { programs, remote } from './index.js';
import { domainEvents } from './messages.js';

const shapes: [string, Shape<unknown>][] = programs.flatMap((program) => [
  ...Object.entries(program.calls).flatMap(([name, row]): [string, Shape<unknown>][] => [
    [`${name} arguments`, row.args],
    [`${name} result`, row.result],
  ]),
  ...Object.entries(program.messages).map(([name, row]): [string, Shape<unknown>] => [name, row.body]),
]);

test('each number of a program is given once', () => {
  for (const program of programs) {
    const rows = [...Object.values(program.calls), ...Object.values(program.messages)];
    assert.equal(new Set(rows.map((row) => row.number)).size, rows.length, program.name);
  }
  const rows = [...Object.values(remote.calls), ...Object.values(remote.messages)];
  assert.deepEqual(
    rows.map((row) => row.number).sort((a, b) => a - b),
    Array.from({ length: 453 }, (_, at) => at + 1),
  );
});

test('every shape decodes exactly what it encodes', () => {
  for (const [name, shape] of shapes)
    fc.assert(
      fc.property(arbitraryOf(shape), (value) => {
        const writer = new XdrWriter(1 << 20);
        shape.encode(writer, value);
        const bytes = writer.bytes();
        assert.ok(bytes.length >= shape.minBytes, name);
        assert.equal(bytes.length % 4, 0, name);
        const reader = new XdrReader(bytes);
        assert.deepEqual(shape.decode(reader), value, name);
        assert.equal(reader.remaining, 0, name);
      }),
      { numRuns: 20 },
    );
});

test('no bytes make a shape fail in any way but an RpcError', () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((raw) => {
    // Small words reach deeper than random ones: most lengths and flags are small.
    for (let at = 0; at + 4 <= raw.length; at += 4) if ((raw[at] ?? 0) < 200) raw.fill(0, at, at + 3);
    return Buffer.from(raw);
  });
  for (const [name, shape] of shapes)
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          shape.decode(new XdrReader(input));
        } catch (error) {
          assert.ok(error instanceof RpcError && error.code === 'malformed', `${name}: ${error}`);
        }
      }),
      { numRuns: 20 },
    );
});

test('each domain event names messages that exist', () => {
  for (const event of Object.values(domainEvents)) {
    const body = remote.messages[event.message].body;
    assert.equal(Object.keys(body.fields)[0], 'callbackId');
    if (event.legacy === undefined) continue;
    const legacy = Object.keys(remote.messages[event.legacy].body.fields).sort();
    const added = Object.keys(body.fields).filter((name) => !legacy.includes(name));
    assert.ok(
      added.every((name) => name === 'callbackId' || name === 'reason'),
      event.message,
    );
  }
});
