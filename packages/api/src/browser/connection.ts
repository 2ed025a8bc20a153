// A daemon over fetch, as browsers have it, and over WebSockets for sessions.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.js';
import type { Outgoing, Reply, Transport } from '../transport.js';
import { parseErrorBody } from '../wire.js';
import { type BrowserSession, openSession } from './session.js';

/** The page's own, in a browser. */
declare const location: { readonly origin: string };

/** How a browser holds bytes that go out: a file that was chosen, or what was made of one. */
export type Content = Blob | Uint8Array<ArrayBuffer>;

/** The half of a session that a page holds, and a browser sends to nobody by itself. */
export interface KeyOption {
  /** Asked at each call. */
  readonly key?: (() => string | undefined) | undefined;
  /** Hears of each answer when it was given, by the daemon's clock. */
  readonly onDate?: ((date: Date) => void) | undefined;
}

/** The header that carries it. */
const keyHeader = 'x-ctvirt-key';

/** A good answer, its body not yet read. */
class FetchReply implements Reply {
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(private readonly response: Response) {}

  header(name: string): string | undefined {
    return this.response.headers.get(name) ?? undefined;
  }

  text(): Promise<string> {
    return this.response.text();
  }

  // Not every browser lets `for await` have the stream itself.
  async *pieces(): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    this.#reader = this.response.body?.getReader();
    while (this.#reader !== undefined) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  }

  skip(): void {
    this.response.body?.cancel().catch(() => undefined); // nothing of it is wanted
  }

  leave(): void {
    this.#reader?.cancel().catch(() => undefined); // it may have broken before
  }
}

/** fetch as a transport, and WebSockets for sessions. */
export class FetchConnection implements Transport<Content, BrowserSession> {
  constructor(
    private readonly baseUrl: string,
    private readonly options: KeyOption,
  ) {}

  async send({ method, target, contentType, headers, content, signal }: Outgoing<Content>): Promise<Reply> {
    const key = this.options.key?.();
    const response = await this.#fetched(target, {
      method,
      headers: {
        ...headers,
        ...(contentType !== undefined && { 'content-type': contentType }),
        ...(key !== undefined && { [keyHeader]: key }),
      },
      ...(content !== undefined && { body: content }),
      ...(signal !== undefined && { signal }),
    });
    const date = response.headers.get('date');
    if (date !== null) this.options.onDate?.(new Date(date));
    if (!response.ok) throw ApiError.fromBody(parseErrorBody(await response.text()));
    return new FetchReply(response);
  }

  async open(target: string, open: unknown, signal?: AbortSignal): Promise<BrowserSession> {
    const base = this.baseUrl === '' ? location.origin : this.baseUrl;
    return await openSession(`${base.replace(/^http/, 'ws')}${target}`, open, {
      key: this.options.key?.(),
      signal,
    });
  }

  /** The browser keeps its connections, and lets go of them. */
  close(): void {
    // nothing here is open
  }

  async #fetched(target: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.baseUrl}${target}`, init);
    } catch (cause) {
      if (init.signal?.aborted) throw new ApiError('interrupted', 'interrupted', {}, { cause });
      const where = this.baseUrl === '' ? 'this page came from' : this.baseUrl;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ApiError('unreachable', `cannot reach the daemon at ${where}: ${reason}`, {}, { cause });
    }
  }
}
