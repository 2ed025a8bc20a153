// The contract as clients know it that hold each answer against it.
// SPDX-License-Identifier: Apache-2.0
import { type CheckedWay, type Ways, wayOf } from './client.js';
import { resources } from './resources.js';
import type { Resource, Route } from './route.js';
import { compileCheck } from './validate.js';

function checkedWay(route: Route): CheckedWay {
  const { answer } = route;
  return { ...wayOf(route), ...('schema' in answer && { check: compileCheck(answer.schema) }) };
}

/** Every operation of the contract. */
export const checkedWays = (): Ways =>
  Object.fromEntries(
    Object.entries<Resource>(resources).map(([name, operations]) => [
      name,
      Object.fromEntries(
        Object.entries<Route>(operations).map(([operation, route]) => [operation, checkedWay(route)]),
      ),
    ]),
  );
