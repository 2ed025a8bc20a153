// What binds one route of the contract to the engine: a function typed by the route itself.
// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import type { BodyOf, KeptTerminal, OpenOf, Params, Query, Resource, ResultOf, Route } from '@ctvirt/api';
import type { ExecSession, Watched } from '@ctvirt/engine';
import type { Lender } from './lending.js';
import type { Caller } from './stream.js';

/** A program or console as it is served: `kept` where it goes on without its client. */
export interface ServedSession extends ExecSession {
  readonly kept?: {
    /** What its client is told when it has it. */
    readonly told: KeptTerminal;
    /** The client has shown so many more bytes. */
    seen(bytes: number): void;
    /** The client is lost, or goes. */
    leave(): void;
  };
}

/** A checked request. */
export interface Call<R extends Route> {
  readonly params: Params<R>;
  readonly query: Query<R>;
  readonly body: BodyOf<R, Readable>;
  readonly caller: Caller;
  /** Tags of the document, one of which it is to have still. */
  readonly tags: readonly string[] | undefined;
}

type MaybePromise<T> = T | Promise<T>;

type RowOf<R extends Route> = ResultOf<R> extends readonly (infer Row)[] ? Row : never;

interface HandlerByAnswer<R extends Route> {
  none(call: Call<R>): MaybePromise<void>;
  /** `gone` is when the client left before its answer. */
  json(call: Call<R>, gone: AbortSignal): MaybePromise<ResultOf<R>>;
  /** Rows that are found one after the other are told as they are. */
  rows(call: Call<R>): MaybePromise<ResultOf<R>> | AsyncIterable<RowOf<R>>;
  /** Whole, or as it is made. */
  text(call: Call<R>): MaybePromise<ResultOf<R> | Readable>;
  /** Sends lines until the result is called, or it says itself that there are no more. */
  lines(call: Call<R>, send: (line: ResultOf<R>) => void, end: () => void): MaybePromise<() => void>;
  progress(call: Call<R>, watched: Required<Watched>): Promise<ResultOf<R>>;
  /** `lend` has the files that the client lends. */
  session(call: Call<R>, open: OpenOf<R>, lend: Lender): Promise<ServedSession>;
}

/** What a route's function takes and returns follows from the kind of its answer. */
export type Handler<R extends Route> = HandlerByAnswer<R>[R['answer']['kind']];

/** One handler per operation: a route without one does not compile. */
export type Handlers<R extends Resource> = { readonly [Operation in keyof R]: Handler<R[Operation]> };
