// Questions to one part of the kernel, and its answers of any length.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { EngineError } from '../errors.js';
import {
  failure,
  HEADER,
  NLMSG_DONE,
  NLMSG_ERROR,
  openNetlink,
  parts,
  receive,
  refusalOfMessage,
  send,
} from './netlink.js';

/** One socket, on which whatever is asked has been answered when the call returns. */
export class Asking implements Disposable {
  readonly #fd: number;

  /** Throws `host-command` where the kernel does not tell what is asked: `subject` says what that is. */
  constructor(
    protocol: number,
    private readonly subject: string,
  ) {
    this.#fd = openNetlink(protocol);
    if (this.#fd < 0) throw this.#untold(failure());
  }

  /** Hands on what the kernel answers until `read` says that it was all. */
  ask(request: Buffer, read: (messages: Buffer) => boolean): void {
    if (!send(this.#fd, request)) throw this.#untold(failure());
    const answer = Buffer.alloc(1 << 16);
    for (;;) {
      const length = receive(this.#fd, answer);
      if (length <= 0) throw this.#untold(failure());
      if (read(answer.subarray(0, length))) return;
    }
  }

  /** What is read from each message of an answer of many. */
  dump<Item>(request: Buffer, answer: number, read: (body: Buffer) => readonly Item[]): Item[] {
    const found: Item[] = [];
    this.ask(request, (messages) => {
      for (const { at, end, type } of parts(messages, 0, messages.length, HEADER)) {
        if (type === NLMSG_DONE) return true;
        if (type === NLMSG_ERROR) throw this.#untold(refusalOfMessage(messages, at) ?? 'no answer');
        if (type === answer) found.push(...read(messages.subarray(at + HEADER, end)));
      }
      return false;
    });
    return found;
  }

  #untold(errno: string): EngineError {
    return new EngineError(
      'host-command',
      `the kernel does not tell ${this.subject}: ${errno}`,
      {},
      { errno },
    );
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
