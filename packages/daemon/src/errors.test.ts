// Engine errors as HTTP, the shell and libvirt hear of them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCheck, errorBody } from '@ctvirt/api';
import { EngineError, engineCodes } from '@ctvirt/engine';
import { errorCodes } from '@ctvirt/rpc';
import { errorMapping, toErrorBody } from './errors.js';

test('every engine code has an error status, an exit status of its own and a libvirt number', () => {
  const exits = engineCodes.map((code) => errorMapping[code].exitStatus);
  assert.deepEqual(exits, [...new Set(exits)]);
  for (const code of engineCodes) {
    const { httpStatus, exitStatus, libvirt } = errorMapping[code];
    assert.ok(httpStatus >= 400 && httpStatus < 600, code);
    assert.ok(exitStatus > 0 && exitStatus !== 2 && exitStatus < 256, code);
    // libvirt's clients take 0 for success.
    assert.ok(errorCodes[libvirt.code] > 0, code);
  }
});

test('whatever an error carries, its body is one of the contract', () => {
  const check = compileCheck(errorBody);
  for (const code of engineCodes) {
    const { body } = toErrorBody(new EngineError(code, 'm'));
    assert.equal(check(JSON.parse(JSON.stringify(body))), undefined);
    assert.deepEqual(body, { code, message: 'm' });
  }
  const finding = { severity: 'error', code: 'syntax', message: 'm', line: 1, column: 1, path: '/' } as const;
  for (const [error, said] of [
    [new EngineError('invalid', 'm', { findings: [finding] }), { findings: [finding] }],
    [
      new EngineError('invalid', 'm', { path: '/x', line: 2, findings: [] }),
      { details: { path: '/x', line: 2 }, findings: [] },
    ],
    [
      new EngineError('denied', 'm', { path: '/x' }, { errno: 'EACCES' }),
      { details: { path: '/x', errno: 'EACCES' } },
    ],
    [new EngineError('host-command', 'm', {}, { errno: 'EIO' }), { details: { errno: 'EIO' } }],
  ] as const) {
    const { body } = toErrorBody(error);
    assert.equal(check(JSON.parse(JSON.stringify(body))), undefined);
    assert.deepEqual(body, { code: error.code, message: 'm', ...said });
  }
  for (const fault of [new TypeError('secret'), 'text', undefined, null]) {
    const { status, body } = toErrorBody(fault);
    assert.deepEqual([status, body.code], [500, 'internal']);
    assert.equal(body.message.includes('secret'), false);
  }
});
