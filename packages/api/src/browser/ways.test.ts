// The browser's table of the contract is the contract's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wayOf } from '../client.js';
import { resources } from '../resources.js';
import type { Resource } from '../route.js';
import { ways } from './ways.gen.js';

test('a browser knows each operation of the contract (npm run gen)', () => {
  const expected = Object.fromEntries(
    Object.entries<Resource>(resources).map(([name, operations]) => [
      name,
      Object.fromEntries(Object.entries(operations).map(([operation, route]) => [operation, wayOf(route)])),
    ]),
  );
  assert.deepEqual(ways, expected);
});
