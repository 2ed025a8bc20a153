// Whatever errno Node throws, wherever in the engine: a code, what happened where, and what to do next.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { EngineError } from './errors.js';
import { explained } from './explained.js';
import { run } from './host/run.js';
import { commandFailure } from './templates/archive/errors.js';

class Part {
  readonly #path = '/dev/full';
  write = async (): Promise<void> => await writeFile(this.#path, 'text');
  writeHere(): void {
    const file = openSync(this.#path, 'w');
    try {
      writeSync(file, 'text');
    } finally {
      closeSync(file);
    }
  }
}
const whole = explained(
  {
    part: new Part(),
    read: (path: string) => readFile(path, 'utf8'),
    readHere: (path: string) => readFileSync(path, 'utf8'),
    list: async () => {
      throw commandFailure('it could not be listed', { argv: [], status: 1, stderr: 'find: no' }, undefined);
    },
    readOnly: () => writeFile('/proc/sys/kernel/ostype', 'Other'),
    fault: () => {
      throw new TypeError('a fault of the program');
    },
    refuse: () => {
      throw new EngineError('exists', 'taken');
    },
    undone: async () => {
      await using _undo = {
        [Symbol.asyncDispose]: async () => {
          throw new Error('undoing failed too');
        },
      };
      await writeFile('/dev/full', 'text');
    },
  },
  '/var/lib/ctvirt',
);

test('a full disk, told by promise or by exception, in any part', async () => {
  await assert.rejects(whole.part.write(), { name: 'EngineError', code: 'no-space' });
  assert.throws(() => whole.part.writeHere(), { name: 'EngineError', code: 'no-space' });
  await assert.rejects(whole.undone(), { name: 'EngineError', code: 'no-space' });
});

test('an error without a file names the folder of the state', () => {
  assert.throws(() => whole.part.writeHere(), /\/var\/lib\/ctvirt/);
});

test('a program that failed where archives are read or written', async () => {
  await assert.rejects(whole.list(), {
    name: 'EngineError',
    code: 'host-command',
    message: /listed \(1\): find/,
  });
});

test('no right to do it', async () => {
  await assert.rejects(whole.readOnly(), { name: 'EngineError', code: 'denied' });
});

test('errors of the engine and faults of the program stay what they are', async () => {
  assert.throws(() => whole.refuse(), { code: 'exists', message: 'taken' });
  assert.throws(() => whole.fault(), TypeError);
  await assert.rejects(whole.read('/no/such/file'), { name: 'Error', code: 'ENOENT' });
  assert.throws(() => whole.readHere('/no/such/file'), { name: 'Error', code: 'ENOENT' });
});

test('a program of the host that finds the disk full says so by its code', async () => {
  await assert.rejects(run(['/bin/cp', '/bin/true', '/dev/full']), { name: 'EngineError', code: 'no-space' });
  await assert.rejects(run(['/bin/cp', '/no/such/file', '/tmp']), {
    name: 'EngineError',
    code: 'host-command',
  });
});
