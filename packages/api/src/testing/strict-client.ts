// A client for tests that also refuses what the contract does not name: nothing goes out undeclared.
// SPDX-License-Identifier: Apache-2.0
import type { ClientOptions } from '../client.js';
import { ApiError } from '../errors.js';
import { type ApiClient, createClient, type Endpoint } from '../node/index.js';
import { resources } from '../resources.js';
import type { Resource } from '../route.js';
import { type Check, compileCheck } from '../validate.js';
import { closed } from './closed.js';

type Call = (...input: readonly unknown[]) => Promise<unknown>;

/** The client of this endpoint; an answer with a member that its schema does not name rejects with `bad-answer`. */
export function strictClient(endpoint: Endpoint, options?: ClientOptions): ApiClient {
  const client = createClient(endpoint, options);
  const strict = Object.entries<Resource>(resources).map(([resource, operations]) => {
    const calls: object = Reflect.get(client, resource);
    const checked = Object.entries(operations).map(([operation, { answer }]) => {
      const call: Call = Reflect.get(calls, operation);
      if (!('schema' in answer)) return [operation, call] as const;
      const check = compileCheck(closed(answer.schema));
      const where = `${resource}.${operation}`;
      const admit = (value: unknown) =>
        answer.kind === 'lines'
          ? each(value, check, where)
          : answer.kind === 'rows'
            ? eachOf(value, check, where)
            : admitted(value, check, where);
      return [operation, async (...input: readonly unknown[]) => admit(await call(...input))] as const;
    });
    return [resource, Object.fromEntries(checked)] as const;
  });
  return { ...client, ...Object.fromEntries(strict) };
}

function admitted(value: unknown, check: Check, where: string): unknown {
  const fault = check(value);
  if (fault !== undefined)
    throw new ApiError('bad-answer', `${where} answers what its schema does not name: ${fault}`);
  return value;
}

const eachOf = (rows: unknown, check: Check, where: string): unknown =>
  Array.isArray(rows) ? rows.map((row) => admitted(row, check, where)) : admitted(rows, check, where);

async function* each(lines: unknown, check: Check, where: string): AsyncGenerator<unknown> {
  for await (const line of lines as AsyncIterable<unknown>) yield admitted(line, check, where);
}
