// Printing events as they happen, of whatever they tell.
// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context.js';
import type { Options } from '../verb.js';

/** When to end, and what each line begins with. */
export const eventOptions = {
  loop: { type: 'flag', summary: 'Go on after the first' },
  timestamp: { type: 'flag', summary: 'Begin each line with its time' },
  timeout: { type: 'whole', value: 'SECONDS', summary: 'End after so long' },
} as const satisfies Options;

interface Following {
  readonly loop: boolean;
  readonly timestamp: boolean;
  readonly timeout: number | undefined;
}

/** One line an event, as JSON where asked for; last how many there were. */
export async function followEvents<E extends { readonly at: string }>(
  context: Context,
  { loop, timestamp, timeout }: Following,
  watch: (signal: AbortSignal) => Promise<AsyncIterable<E>>,
  describe: (event: E) => string,
): Promise<void> {
  const { io } = context;
  const over = new AbortController();
  // Not AbortSignal.timeout(): nothing holds one that is only a part of another signal, and collected it never fires.
  const timer = timeout === undefined ? undefined : setTimeout(() => over.abort(), timeout * 1000);
  let received = 0;
  try {
    for await (const event of await watch(AbortSignal.any([io.signal, over.signal]))) {
      received++;
      if (context.isJson) io.stdout.write(`${JSON.stringify(event)}\n`);
      else io.stdout.write(`${timestamp ? `${event.at}: ` : ''}${describe(event)}\n`);
      if (!loop) break;
    }
  } finally {
    clearTimeout(timer);
  }
  if (!context.isJson) context.remark(`events received: ${received}`);
}
