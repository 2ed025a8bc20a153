// The typed client: one method per operation, derived from the routes.
// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { type CallOptions, readAnswer } from './answer.js';
import { Connection, type Endpoint } from './connection.js';
import { ApiError } from './errors.js';
import { parseRemarks, remarksHeader } from './remarks.js';
import { type Resources, resources } from './resources.js';
import type { BodyOf, OpenOf, Params, Query, Resource, ResultOf, Route } from './route.js';
import { type ClientSession, openSession } from './session/client.js';
import { type Check, compileCheck } from './validate.js';

type Nothing = Record<never, never>;
type Part<Name extends string, Value> = [Value] extends [never | undefined]
  ? Nothing
  : { readonly [N in Name]: Value };

/** What an operation takes: path and query parameters side by side, `body` or `open` where it has one. */
export type Input<R extends Route> = Params<R> &
  Query<R> &
  Part<'body', BodyOf<R, Readable | Uint8Array>> &
  Part<'open', OpenOf<R>>;

type Output<R extends Route> = R['answer']['kind'] extends 'lines'
  ? AsyncIterable<ResultOf<R>>
  : R['answer']['kind'] extends 'session'
    ? ClientSession
    : ResultOf<R>;

type Call<R extends Route> =
  Nothing extends Input<R>
    ? (input?: Input<R>, options?: CallOptions) => Promise<Output<R>>
    : (input: Input<R>, options?: CallOptions) => Promise<Output<R>>;

type Calls<R extends Resource> = { readonly [Operation in keyof R]: Call<R[Operation]> };

/** Every operation of the daemon, by resource: `client.domains.start({ domain: 'web' })`. Rejects with ApiError. */
export type ApiClient = { readonly [R in keyof Resources]: Calls<Resources[R]> } & {
  /** Lets go of idle connections. */
  close(): void;
};

type AnyInput = { readonly body?: unknown; readonly open?: unknown; readonly [name: string]: unknown };
type AnyCall = (input?: AnyInput, options?: CallOptions) => Promise<unknown>;

export interface ClientOptions {
  /** Hears what the daemon remarks on an operation that succeeds. */
  readonly onRemark?: (remark: string) => void;
}

export function createClient(endpoint: Endpoint, options: ClientOptions = {}): ApiClient {
  const connection = new Connection(endpoint);
  const client: Record<string, unknown> = { close: () => connection.close() };
  for (const [name, operations] of Object.entries(resources)) {
    const calls: Record<string, AnyCall> = {};
    for (const [operation, route] of Object.entries<Route>(operations))
      calls[operation] = callOf(connection, route, options);
    client[name] = calls;
  }
  // The loop above is the mapped type, member by member; the compiler cannot follow it.
  return client as unknown as ApiClient;
}

const contentTypes = {
  none: undefined,
  json: 'application/json',
  xml: 'application/xml',
  bytes: 'application/octet-stream',
} as const;

function callOf(connection: Connection, route: Route, { onRemark }: ClientOptions): AnyCall {
  const { answer } = route;
  const check: Check = 'schema' in answer ? compileCheck(answer.schema) : () => undefined;
  return async (input = {}, options = {}) => {
    const target = targetOf(route, input);
    if (answer.kind === 'session') {
      const { socket, head } = await connection.upgrade(target, options.signal);
      return openSession(socket, head, input.open);
    }
    const message = await connection.send({
      method: route.method,
      target,
      contentType: contentTypes[route.body.kind],
      content: contentOf(route, input.body),
      signal: options.signal,
    });
    const result = await readAnswer(answer.kind, message, check, options);
    for (const remark of parseRemarks(message.headers[remarksHeader])) onRemark?.(remark);
    return result;
  };
}

/** The path with its parameters filled in, and the query. */
function targetOf(route: Route, input: AnyInput): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(input[name] ?? '');
    if (value === '') throw new ApiError('invalid', `${name} is empty`);
    // A bare dot or two would be taken for a step in the path.
    return /^\.\.?$/.test(value) ? value.replaceAll('.', '%2E') : encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const name of Object.keys(route.query ?? {}))
    if (input[name] !== undefined) query.set(name, String(input[name]));
  return query.size === 0 ? path : `${path}?${query}`;
}

function contentOf(route: Route, body: unknown): string | Uint8Array | Readable | undefined {
  if (route.body.kind === 'none') return undefined;
  return route.body.kind === 'json' ? JSON.stringify(body) : (body as string | Uint8Array | Readable);
}
