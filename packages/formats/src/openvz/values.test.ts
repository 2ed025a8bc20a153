// Tests of OpenVZ's value syntaxes, both directions.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatNetif, parseNetif } from './netif.js';
import {
  formatBitmap,
  formatDisk,
  formatUbc,
  parseBitmap,
  parseBool,
  parseCpuLimit,
  parseDisk,
  parseList,
  parsePath,
  parseRate,
  parseSwitches,
  parseUbc,
  parseUlong,
  type UbcUnit,
  unlimited,
} from './values.js';

const page = 4096;

test('a beancounter counts pages, bytes or things, by its unit', () => {
  const rows: [string, UbcUnit, bigint, bigint][] = [
    ['65536:69632', 'pages', 65536n, 69632n],
    ['240', 'count', 240n, 240n],
    ['0:256M', 'pages', 0n, 65536n],
    ['1M:1M', 'bytes', 1048576n, 1048576n],
    ['5000b', 'pages', 1n, 1n],
    ['2P', 'bytes', 8192n, 8192n],
    ['2p', 'pages', 2n, 2n],
    ['1:unlimited', 'pages', 1n, unlimited],
    ['2147483647', 'count', unlimited, unlimited],
    ['99999999999999999999', 'bytes', unlimited, unlimited],
    ['1.5K', 'bytes', 1536n, 1536n],
  ];
  for (const [text, unit, barrier, limit] of rows)
    assert.deepEqual(parseUbc(text, unit, page), { barrier, limit }, text);
  for (const text of ['', '-1', '1:2:3', '1:', ':1', '1.5', '1KB', '1 K', 'Unlimited', '0x10', '1e3'])
    assert.equal(parseUbc(text, 'bytes', page), undefined, text);
  assert.equal(parseUbc('1K', 'count', page), undefined);
  assert.deepEqual(parseUbc('4:8M', 'pages', 16384), { barrier: 4n, limit: 512n });
});

test('disk limits count KiB or inodes and know no unlimited', () => {
  assert.deepEqual(parseDisk('2G:2.2G', 'KiB'), { soft: 2097152n, hard: 2306867n });
  assert.deepEqual(parseDisk('10485760', 'KiB'), { soft: 10485760n, hard: 10485760n });
  assert.deepEqual(parseDisk('200K', 'inodes'), { soft: 204800n, hard: 204800n });
  for (const text of ['unlimited', '1:unlimited', '', '1P', '1:2:3'])
    assert.equal(parseDisk(text, 'KiB'), undefined, text);
  assert.equal(formatDisk({ soft: 1n, hard: 1n }), '1:1');
});

test('the other syntaxes read what OpenVZ reads', () => {
  assert.equal(parseUlong('unlimited'), unlimited);
  assert.equal(parseUlong('1K'), undefined);
  assert.equal(parseRate('unlimited'), 0n);
  assert.equal(parseRate('10M'), 10485760n);
  assert.equal(parseBool('YES'), undefined);
  assert.deepEqual(parseList(' a\tb  c '), ['a', 'b', 'c']);
  assert.equal(parsePath('/vz/private/$VEID/', 105), '/vz/private/105');
  assert.equal(parsePath(`/vz/$\{VEID}/x$VEID`, 105), '/vz/105/x$VEID');
  assert.equal(parsePath('vz', 105), undefined);
  assert.equal(parsePath('/', 105), '/');
  assert.deepEqual(parseCpuLimit('150'), { percent: 150, ofNode: false });
  assert.deepEqual(parseCpuLimit('50%'), { percent: 50, ofNode: true });
  assert.equal(parseCpuLimit('150%'), undefined);
  assert.deepEqual(
    [...(parseSwitches('NET_ADMIN:on, sys_time:OFF'.replace('OFF', 'off')) ?? [])],
    [
      ['net_admin', true],
      ['sys_time', false],
    ],
  );
  assert.equal(parseSwitches('net_admin'), undefined);
});

test('a CPU list is ordered, merged and bounded', () => {
  assert.equal(parseBitmap('7,0,2-5,3'), '0,2-5,7');
  assert.equal(parseBitmap('0,1,2'), '0-2');
  assert.equal(parseBitmap('all'), 'all');
  for (const text of ['', '5-2', '4096', '1,', 'a', '0-99999'])
    assert.equal(parseBitmap(text), undefined, text);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(4095), { minLength: 1 }), (bits) => {
      const text = formatBitmap(bits);
      assert.equal(parseBitmap(text), text);
      assert.equal(parseBitmap(bits.join(',')), text);
    }),
  );
});

test('interfaces are read and written in OpenVZ order', () => {
  const text =
    'ifname=eth0,mac=00:18:51:AB:CD:EF,host_ifname=veth101.0,host_mac=00:18:51:AB:CD:F0,bridge=br0;ifname=eth1';
  const read = parseNetif(text);
  assert.ok(read);
  assert.equal(
    formatNetif(read),
    'ifname=eth0,bridge=br0,mac=00:18:51:AB:CD:EF,host_ifname=veth101.0,host_mac=00:18:51:AB:CD:F0;ifname=eth1',
  );
  assert.deepEqual(parseNetif(formatNetif(read)), read);
  for (const bad of [
    'mac=00:18:51:AB:CD:EF',
    'ifname=',
    'ifname=a/b',
    'ifname=eth0,color=red',
    'ifname=eth0,mac=zz',
  ])
    assert.equal(parseNetif(bad), undefined, bad);
});

test('property: a beancounter written is the one read again', () => {
  const number = fc.oneof(
    fc.bigInt({ min: 0n, max: unlimited }).filter((value) => value !== 2147483647n),
    fc.constant(unlimited),
  );
  fc.assert(
    fc.property(
      number,
      number,
      fc.constantFrom<UbcUnit>('pages', 'bytes', 'count'),
      (barrier, limit, unit) => {
        assert.deepEqual(parseUbc(formatUbc({ barrier, limit }), unit, page), { barrier, limit });
      },
    ),
  );
});

test('property: no text makes a value parser throw', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9:.,%a-zA-Z=; -]{0,40}$/));
  fc.assert(
    fc.property(text, (value) => {
      for (const parse of [
        parseUlong,
        parseRate,
        parseBool,
        parseList,
        parseCpuLimit,
        parseSwitches,
        parseNetif,
      ])
        parse(value);
      parseBitmap(value);
      parsePath(value, 1);
      parseDisk(value, 'KiB');
      const ubc = parseUbc(value, 'pages', page);
      if (ubc) assert.ok(ubc.barrier >= 0n && ubc.limit <= unlimited);
    }),
  );
});
