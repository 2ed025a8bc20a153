// The codec: RFC 4506's rules, libvirt's oddities, and every refusal.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RpcError } from './errors.js';
import {
  charBytes,
  charText,
  double,
  fixedCharText,
  hyper,
  int,
  list,
  opaque,
  optional,
  type Shape,
  string,
  struct,
  uchar,
  uhyper,
  uint,
  uuid,
  XdrReader,
  XdrWriter,
} from './xdr.js';

function encode<T>(shape: Shape<T>, value: T, limit = 4096): string {
  const writer = new XdrWriter(limit);
  shape.encode(writer, value);
  return writer.bytes().toString('hex');
}
function decode<T>(shape: Shape<T>, hex: string): T {
  return shape.decode(new XdrReader(Buffer.from(hex.replaceAll(' ', ''), 'hex')));
}
function fails(code: string, action: () => unknown): void {
  assert.throws(action, (error: unknown) => error instanceof RpcError && error.code === code);
}

test('numbers take four or eight bytes, big endian', () => {
  assert.equal(encode(int, -1), 'ffffffff');
  assert.equal(encode(uint, 0xfffffffe), 'fffffffe');
  assert.equal(encode(uchar, 5), '00000005');
  assert.equal(encode(hyper, -2n), 'fffffffffffffffe');
  assert.equal(encode(uhyper, 2n ** 64n - 1n), 'ffffffffffffffff');
  assert.equal(encode(double, 1), '3ff0000000000000');
  assert.equal(decode(uhyper, '0020000000000001'), 9_007_199_254_740_993n);
  assert.equal(decode(int, 'ffffffff'), -1);
});

test('strings carry length and padding, count bytes and refuse NUL', () => {
  assert.equal(encode(string(8), 'abcde'), '00000005 61626364 65000000'.replaceAll(' ', ''));
  assert.equal(encode(string(8), 'é'), '00000002c3a90000');
  assert.equal(decode(string(8), '00000005 6162636465 000000'), 'abcde');
  fails('too-large', () => encode(string(3), 'éé'));
  fails('invalid', () => encode(string(8), 'a\0b'));
  fails('malformed', () => decode(string(8), '00000003 61006200'));
  fails('malformed', () => decode(string(8), '00000009 616263646566676869000000'));
});

test('char arrays are four bytes per character', () => {
  assert.equal(encode(charText(8), 'no'), '00000003 0000006e 0000006f 00000000'.replaceAll(' ', ''));
  assert.equal(decode(charText(8), '00000001 00000000'), '');
  assert.equal(encode(charBytes(4), Buffer.from([0xff])), '00000001ffffffff');
  assert.deepEqual(decode(charBytes(4), '00000001 ffffffff'), Buffer.from([0xff]));
  assert.equal(encode(fixedCharText(3), 'ab'), '00000061 00000062 00000000'.replaceAll(' ', ''));
  assert.equal(decode(fixedCharText(3), '00000061 00000062 00000000'), 'ab');
  fails('invalid', () => encode(fixedCharText(3), 'abc'));
});

test('structures, lists and optional values', () => {
  const shape = struct({ id: int, names: list(string(9), 2), next: optional(uuid) });
  const value = { id: 7, names: ['a', ''], next: '6695eb01-f6a4-8304-79aa-97f2502e193f' };
  const hex = `00000007 00000002 00000001 61000000 00000000 00000001 6695eb01f6a4830479aa97f2502e193f`;
  assert.equal(encode(shape, value), hex.replaceAll(' ', ''));
  assert.deepEqual(decode(shape, hex), value);
  assert.equal(shape.notation, '{id:int,names:string<9><2>,next:*opaque[16]}');
  assert.equal(shape.minBytes, 12);
  fails('malformed', () => decode(optional(int), '00000002 00000000'));
  fails('malformed', () => decode(shape, '00000007 00000003'));
});

test('values that do not fit are refused before anything is sent', () => {
  fails('invalid', () => encode(int, 2 ** 31));
  fails('invalid', () => encode(uint, -1));
  fails('invalid', () => encode(int, 1.5));
  fails('invalid', () => encode(uhyper, -1n));
  fails('invalid', () => encode(hyper, 2n ** 63n));
  fails('invalid', () => encode(uuid, 'not-a-uuid'));
  fails('too-large', () => encode(opaque(2), Buffer.alloc(3)));
  fails('too-large', () => encode(list(int, 1), [1, 2]));
  fails('too-large', () => encode(opaque(9999), Buffer.alloc(600), 500));
});

test('lengths are compared with what is there before anything is allocated', () => {
  const before = process.memoryUsage().arrayBuffers;
  fails('malformed', () => decode(opaque(0xffffffff), 'ffffffff'));
  fails('malformed', () => decode(list(int, 0xffffffff), 'ffffffff 00000000'));
  fails('malformed', () => decode(charBytes(0xffffffff), '7fffffff 00000000'));
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
});
