// The engine's error: what each code may carry, and what may be asked of something that was thrown.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError, errnoOf, isFault } from './errors.js';

test('an error carries what its code may have, and the word of the kernel apart from it', () => {
  const cause = new Error('below');
  const error = new EngineError('not-found', 'there is no /x', { path: '/x' }, { cause, errno: 'ENOENT' });
  assert.deepEqual(
    [error.code, error.message, error.details, error.errno, error.cause],
    ['not-found', 'there is no /x', { path: '/x' }, 'ENOENT', cause],
  );
  assert.equal('cause' in new EngineError('busy', 'm'), false);
  // @ts-expect-error: a domain that is in the wrong state has no path
  assert.ok(new EngineError('wrong-state', 'm', { path: '/x' }));
});

test('a fault is known by its code, and its details with it', () => {
  const thrown: unknown = new EngineError('exists', 'm', { holder: 'web' }, { errno: 'EEXIST' });
  assert.ok(isFault(thrown, 'exists'));
  assert.equal(thrown.details.holder, 'web');
  assert.equal(isFault(thrown, 'busy'), false);
  assert.equal(errnoOf(thrown), 'EEXIST');
  const foreign: unknown = Object.assign(new Error('m'), { code: 'exists', errno: 'EEXIST' });
  assert.deepEqual([isFault(foreign, 'exists'), errnoOf(foreign)], [false, undefined]);
});
