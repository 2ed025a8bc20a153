// Who has asked for what is done: whoever leaves before the turn of it has come does not get it.
// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';
import { EngineError } from '../errors.js';

/** As long as nothing of it is begun, and it is not answered. */
interface Asking {
  gone: AbortSignal | undefined;
}

const askings = new AsyncLocalStorage<Asking>();

/** Runs what a client asks for, which may have to wait for its turn; `gone` is when it leaves without an answer. */
export async function askedBy<T>(gone: AbortSignal, work: () => T | Promise<T>): Promise<T> {
  const own: Asking = { gone };
  try {
    return await askings.run(own, work);
  } finally {
    own.gone = undefined;
  }
}

/** When its turn has come: from here on it is done to its end. Throws `interrupted` where nobody waits for it any more. */
export function beginAsked(): void {
  const asking = askings.getStore();
  if (asking?.gone?.aborted === true)
    throw new EngineError('interrupted', 'whoever asked for it has left before its turn came');
  if (asking !== undefined) asking.gone = undefined;
}
