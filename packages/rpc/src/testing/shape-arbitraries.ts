// Random values of any shape, for property tests.
// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { typedParam } from '../protocol/objects.js';
import type { Shape } from '../xdr.js';

const byNotation: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  int: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  uint: fc.integer({ min: 0, max: 0xffffffff }),
  hyper: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uhyper: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  double: fc.double({ noNaN: true }),
  uchar: fc.integer({ min: 0, max: 255 }),
  char: fc.integer({ min: -128, max: 127 }),
  ushort: fc.integer({ min: 0, max: 65_535 }),
  'opaque[16]': fc.uuid(),
};

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\0'));

const typed = fc.oneof(
  ...(['int', 'uint', 'llong', 'ullong', 'double', 'boolean', 'string'] as const).map((type) => {
    const shape = { llong: 'hyper', ullong: 'uhyper' }[type as string] ?? type;
    const value = type === 'boolean' ? fc.boolean() : (byNotation[shape] ?? text);
    return fc.record({ field: text, type: fc.constant(type), value }, { noNullPrototype: true });
  }),
);

/** Values that encode; lists stay short. */
export function arbitraryOf(shape: Shape<unknown>): fc.Arbitrary<unknown> {
  if (shape === typedParam) return typed;
  const known = byNotation[shape.notation];
  if (known !== undefined) return known;
  if (shape.fields !== undefined) {
    const fields = Object.entries(shape.fields);
    return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, arbitraryOf(field)])), {
      noNullPrototype: true,
    });
  }
  if (shape.item !== undefined) return fc.array(arbitraryOf(shape.item), { maxLength: 3 });
  if (shape.inner !== undefined) return fc.option(arbitraryOf(shape.inner));
  if (
    /^(string<|char\[)/.test(shape.notation) ||
    shape.notation === 'char<4097>' ||
    shape.notation === 'char<257>'
  )
    return shape.notation === 'char[32]'
      ? fc.string({ unit: 'binary-ascii', maxLength: 31 }).map((s) => s.replaceAll('\0', ''))
      : text;
  return fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));
}
