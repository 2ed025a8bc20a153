// The typed client over any transport: one method per operation, derived from the routes.
// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, readAnswer } from './answer.js';
import { ApiError } from './errors.js';
import { parseRemarks, remarksHeader } from './remarks.js';
import type { Resources } from './resources.js';
import type {
  Answer,
  Body,
  BodyOf,
  Method,
  OpenOf,
  Params,
  Query,
  Resource,
  ResultOf,
  Route,
} from './route.js';
import type { Job } from './shapes/job.js';
import type { Transport } from './transport.js';
import type { Check } from './validate.js';

type Nothing = Record<never, never>;
type Part<Name extends string, Value> = [Value] extends [never | undefined]
  ? Nothing
  : { readonly [N in Name]: Value };

/** What an operation takes: path and query parameters side by side, `body` or `open` where it has one. */
export type Input<R extends Route, Content> = Params<R> &
  Query<R> &
  Part<'body', BodyOf<R, Content>> &
  Part<'open', OpenOf<R>> &
  (R extends { readonly tag: 'matched' } ? { readonly ifMatch?: string | undefined } : Nothing);

type Output<R extends Route, Session> = R['answer']['kind'] extends 'lines'
  ? AsyncIterable<ResultOf<R>>
  : R['answer']['kind'] extends 'session'
    ? Session
    : ResultOf<R>;

/** Of a list each row can be heard as it comes. */
type Options<R extends Route> = CallOptions &
  (R['answer'] extends { readonly kind: 'rows' }
    ? {
        readonly onRow?:
          | ((row: ResultOf<R> extends readonly (infer Row)[] ? Row : never) => void)
          | undefined;
      }
    : Nothing);

type Call<R extends Route, Content, Session> =
  Nothing extends Input<R, Content>
    ? (input?: Input<R, Content>, options?: Options<R>) => Promise<Output<R, Session>>
    : (input: Input<R, Content>, options?: Options<R>) => Promise<Output<R, Session>>;

type Calls<R extends Resource, Content, Session> = {
  readonly [Operation in keyof R]: Call<R[Operation], Content, Session>;
};

/**
 * Every operation of the daemon, by resource: `client.domains.start({ domain: 'web' })`. Rejects with ApiError. `Content` is
 * how the transport holds a stream of bytes, `Session` what it makes of an exec or console.
 */
export type ClientOf<Content, Session> = {
  readonly [R in keyof Resources]: Calls<Resources[R], Content, Session>;
} & {
  /** Lets go of idle connections. */
  close(): void;
};

type AnyInput = { readonly body?: unknown; readonly open?: unknown; readonly [name: string]: unknown };
type AnyOptions = CallOptions & { readonly onRow?: ((row: unknown) => void) | undefined };
type AnyCall = (input?: AnyInput, options?: AnyOptions) => Promise<unknown>;

/** What a client may be told to do besides its calls. */
export interface ClientOptions {
  /** Hears what the daemon remarks on an operation that succeeds. */
  readonly onRemark?: (remark: string) => void;
  /** Hears which job of the domain a call waits for, after half a second. */
  readonly onWait?: (job: Job) => void;
}

/** What a client has to know of a route to call it. */
export interface Way {
  readonly method: Method;
  readonly path: string;
  /** The names of its query. */
  readonly query: readonly string[];
  readonly body: Body['kind'];
  readonly answer: Answer['kind'];
  readonly tag?: Route['tag'];
}

/** A way, and what its answers are held against where somebody does. */
export interface CheckedWay extends Way {
  readonly check?: Check | undefined;
}

/** The ways of a contract, by resource and operation. */
export type Ways = { readonly [resource: string]: { readonly [operation: string]: CheckedWay } };

/** What a client has to know of a route to call it. */
export const wayOf = ({ method, path, query = {}, body, answer, tag }: Route): Way => ({
  method,
  path,
  query: Object.keys(query),
  body: body.kind,
  answer: answer.kind,
  ...(tag !== undefined && { tag }),
});

/** A client that calls these ways, which are all of the contract, over this transport. */
export function clientOver<Content, Session>(
  transport: Transport<Content, Session>,
  ways: Ways,
  options: ClientOptions,
): ClientOf<Content, Session> {
  const calls: Record<string, Record<string, AnyCall>> = {};
  const jobWay = ways['jobs']?.['get'];
  const askJob = jobWay && callOf(transport, jobWay, {});
  for (const [name, operations] of Object.entries(ways)) {
    const ofResource: Record<string, AnyCall> = {};
    for (const [operation, way] of Object.entries(operations)) {
      const waits = takesTurn(way) && way !== ways['domains']?.['wait'];
      ofResource[operation] = callOf(transport, way, options, waits ? askJob : undefined);
    }
    calls[name] = ofResource;
  }
  // The loop above is the mapped type, member by member; the compiler cannot follow it.
  return { ...calls, close: () => transport.close() } as ClientOf<Content, Session>;
}

const contentTypes = {
  none: undefined,
  json: 'application/json',
  xml: 'application/xml',
  bytes: 'application/octet-stream',
} as const;

function callOf<Content, Session>(
  transport: Transport<Content, Session>,
  way: CheckedWay,
  { onRemark, onWait }: ClientOptions,
  askJob?: AnyCall,
): AnyCall {
  const { answer, check = () => undefined } = way;
  return async (input = {}, options = {}) => {
    const target = targetOf(way, input);
    if (answer === 'session') return await transport.open(target, input.open, options.signal);
    const answered = transport.send({
      method: way.method,
      target,
      contentType: contentTypes[way.body],
      headers: headersOf(way, input, options),
      content: contentOf<Content>(way, input.body),
      signal: options.signal,
    });
    const { domain } = input;
    const reply = await (askJob !== undefined && onWait !== undefined
      ? tellingWait(answered, () => askJob({ domain }), onWait)
      : answered);
    const tag = way.tag === 'told' ? reply.header('etag') : undefined;
    if (tag !== undefined) options.onTag?.(tag);
    const result = await readAnswer(answer, reply, check, options);
    for (const remark of parseRemarks(reply.header(remarksHeader))) onRemark?.(remark);
    return result;
  };
}

const PATIENCE_MS = 500;

/** What only asks and what is a job itself waits for no job. */
const takesTurn = ({ method, path, answer }: Way): boolean =>
  method !== 'GET' && answer !== 'progress' && path.startsWith('/v1/domains/{domain}');

/** Of an answer that is as the contract says. */
const isExclusive = (job: unknown): job is Job =>
  typeof job === 'object' && job !== null && 'exclusive' in job && job.exclusive === true;

async function tellingWait<T>(
  answered: Promise<T>,
  ask: () => Promise<unknown>,
  tell: (job: Job) => void,
): Promise<T> {
  let isOver = false;
  const look = async (): Promise<void> => {
    const job = await ask().catch(() => undefined); // it may have none
    if (!isOver && isExclusive(job)) tell(job);
  };
  const timer = setTimeout(() => void look(), PATIENCE_MS);
  try {
    return await answered;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

/** The path with its parameters filled in, and the query. */
function targetOf(way: Way, input: AnyInput): string {
  const path = way.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(input[name] ?? '');
    if (value === '') throw new ApiError('invalid', `${name} is empty`);
    // A bare dot or two would be taken for a step in the path.
    return /^\.\.?$/.test(value) ? value.replaceAll('.', '%2E') : encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const name of way.query) if (input[name] !== undefined) query.set(name, String(input[name]));
  return query.size === 0 ? path : `${path}?${query}`;
}

const headersOf = (
  { tag, answer }: Way,
  { ifMatch }: AnyInput,
  { onRow, detached }: AnyOptions,
): Readonly<Record<string, string>> => ({
  ...(tag === 'matched' && typeof ifMatch === 'string' && { 'if-match': ifMatch }),
  ...(answer === 'progress' && detached === true && { prefer: 'respond-async' }),
  ...(answer === 'rows' && onRow !== undefined && { accept: 'application/x-ndjson' }),
});

function contentOf<Content>({ body: kind }: Way, body: unknown): string | Content | undefined {
  if (kind === 'none') return undefined;
  return kind === 'json' ? JSON.stringify(body) : (body as string | Content);
}
