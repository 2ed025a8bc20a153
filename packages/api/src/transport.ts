// What carries a request to the daemon and its answer back: one for Node's sockets, one for a browser's fetch.
// SPDX-License-Identifier: Apache-2.0
import type { Method } from './route.js';

/** A request that is ready to go; `Content` is how this transport holds a stream of bytes. */
export interface Outgoing<Content> {
  readonly method: Method;
  /** Path and query, escaped. */
  readonly target: string;
  readonly contentType?: string | undefined;
  /** Other headers, by names in small letters. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly content?: string | Content | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A good answer, its body not yet read. It is read once, by one of these. */
export interface Reply {
  header(name: string): string | undefined;
  text(): Promise<string>;
  /** The body piece by piece, as it comes. */
  pieces(): AsyncIterable<string>;
  /** Reads nothing: there is nothing, or nothing that is wanted. */
  skip(): void;
  /** Breaks off in the middle of `pieces`. */
  leave(): void;
}

/** Carries calls to one daemon. */
export interface Transport<Content, Session> {
  /** Resolves with a good answer; rejects with ApiError for any other, or if none comes. */
  send(outgoing: Outgoing<Content>): Promise<Reply>;
  /** Opens a session with what its first frame says. */
  open(target: string, open: unknown, signal?: AbortSignal): Promise<Session>;
  /** Lets go of idle connections. */
  close(): void;
}
