// A bounded queue between what arrives and who iterates over it.
// SPDX-License-Identifier: Apache-2.0
import { RpcError } from '../errors.js';

/** Events as an async iterator; one that falls more than `limit` events behind ends with `overflow`. */
export class EventQueue<T> implements AsyncIterableIterator<T> {
  readonly #limit: number;
  readonly #onEnd: () => Promise<void>;
  readonly #events: T[] = [];
  readonly #waiting: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void }[] = [];
  #isDone = false;
  #error: unknown;

  constructor(onEnd: () => Promise<void>, limit = 10_000) {
    this.#onEnd = onEnd;
    this.#limit = limit;
  }

  push(event: T): void {
    if (this.#isDone) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve({ value: event, done: false });
      return;
    }
    if (this.#events.length >= this.#limit) {
      this.fail(new RpcError('overflow', `the reader is more than ${this.#limit} events behind`));
      return;
    }
    this.#events.push(event);
  }

  /** Ends the iteration with an error once the events before it are read. */
  fail(error: unknown): void {
    if (this.#isDone) return;
    this.#error = error;
    this.#finish();
    const waiting = this.#waiting.splice(0);
    waiting[0]?.reject(this.#takeError());
    for (const { resolve } of waiting.slice(1)) resolve({ value: undefined, done: true });
  }

  #takeError(): unknown {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  #finish(): void {
    this.#isDone = true;
    // Nobody waits for the end after a failure, which is what the reader gets to see.
    this.#onEnd().catch(() => {});
  }

  next(): Promise<IteratorResult<T>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ value: event, done: false });
    if (this.#error !== undefined) return Promise.reject(this.#takeError());
    if (this.#isDone) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<T>> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#events.length = 0;
      for (const { resolve } of this.#waiting.splice(0)) resolve({ value: undefined, done: true });
      await this.#onEnd();
    }
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
