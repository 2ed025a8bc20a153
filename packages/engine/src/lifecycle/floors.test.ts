// Limits that no container could start with are named, and those it could are not.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseTooLittle } from './floors.js';

test('too little of anything is refused, of several all are named', () => {
  assert.throws(() => refuseTooLittle({ memoryMaxBytes: 0 }), {
    code: 'invalid',
    message: 'no container starts with 0 KiB of memory, where it takes 1024 KiB at least',
  });
  assert.throws(() => refuseTooLittle({ pidsMax: 0, nofile: 47 }), /0 of processes.*; 47 of open files/);
});

test('block I/O that no start waits for is refused by the names of its parameters', () => {
  assert.throws(() => refuseTooLittle({ ioBytesPerSecond: 1, ioOperationsPerSecond: 4 }), {
    code: 'invalid',
    message:
      'no container starts with 1 bytes a second of block I/O (IOLIMIT), where it takes 65536 bytes a second at least; 4 operations a second of block I/O (IOPSLIMIT), where it takes 5 operations a second at least',
  });
  refuseTooLittle({ ioBytesPerSecond: 64 * 1024, ioOperationsPerSecond: 5 });
});

test('nothing said, or just enough, is let in', () => {
  refuseTooLittle({});
  refuseTooLittle({ memoryMaxBytes: 2 ** 20, pidsMax: 1, nofile: 64 });
  refuseTooLittle({ swapMaxBytes: 0, memlockBytes: 0, ptyMax: 0, sigpending: 0, shmallPages: 0 });
});
