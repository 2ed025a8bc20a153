// Printing events as they happen and as they happened, of whatever they tell.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type EventGap } from '@ctvirt/api';
import type { Context } from '../context.js';
import { CliError, jsonLine } from '../errors.js';
import { printableLines } from '../printable.js';
import type { Options } from '../verb.js';

/** Where to begin, when to end, and what each line begins with. */
export const eventOptions = {
  loop: { type: 'flag', summary: 'Go on after the first' },
  timestamp: { type: 'flag', summary: 'Begin each line with its time' },
  timeout: { type: 'whole', value: 'SECONDS', summary: 'End after so long' },
  last: { type: 'whole', value: 'N', summary: 'Print the last so many that are known, with their times' },
  since: {
    type: 'text',
    value: 'SEQ',
    summary: 'Print those after the event of this number (seq of --json), with their times',
  },
} as const satisfies Options;

/** What the help of those verbs says of it. */
export const eventDetails = [
  'Ends at the first event, with --loop at Ctrl-C. With --json, one object a line.',
  '--last and --since print what happened before, and end there without --loop. The daemon knows its last 2048 events; after a restart, or where more happened since SEQ, one line says that some are missing.',
] as const;

interface Following {
  readonly loop: boolean;
  readonly timestamp: boolean;
  readonly timeout: number | undefined;
  readonly last: number | undefined;
  readonly since: string | undefined;
}

/** What is asked of the daemon; nothing where only what happens from now on is wanted. */
interface Past {
  readonly since?: number;
  readonly last?: number;
  readonly follow?: boolean;
}

function pastOf({ last, since, loop }: Following): Past | undefined {
  if (last === undefined && since === undefined) return undefined;
  if (last !== undefined && since !== undefined)
    throw new CliError('usage', 'events: --last and --since exclude each other');
  if (last === 0) throw new CliError('usage', 'events: --last takes a number from 1 on');
  if (since !== undefined && !/^\d{1,16}$/.test(since))
    throw new CliError('usage', `events: --since takes the number of an event, not '${since}'`);
  return {
    ...(last !== undefined && { last }),
    ...(since !== undefined && { since: Number(since) }),
    follow: loop,
  };
}

/** One line an event, as JSON where asked for; last how many there were. */
export async function followEvents<E extends { readonly at: string; readonly event: string }>(
  context: Context,
  following: Following,
  watch: (past: Past, signal: AbortSignal) => Promise<AsyncIterable<E | EventGap>>,
  describe: (event: E) => string,
): Promise<void> {
  const { io } = context;
  const { loop, timestamp, timeout } = following;
  const past = pastOf(following);
  const over = new AbortController();
  // Not AbortSignal.timeout(): nothing holds one that is only a part of another signal, and collected it never fires.
  const timer = timeout === undefined ? undefined : setTimeout(() => over.abort(), timeout * 1000);
  let received = 0;
  try {
    for await (const event of await watch(past ?? {}, AbortSignal.any([io.signal, over.signal]))) {
      received++;
      const text = isGap(event) ? describeGap(event) : describe(event);
      const words = `${timestamp || past !== undefined ? `${event.at}: ` : ''}${text}`;
      io.stdout.write(context.isJson ? jsonLine(event) : `${printableLines(words)}\n`);
      if (!loop && past === undefined) break;
    }
  } catch (error) {
    // A time that is over before the daemon has answered is over as well.
    const isLate = over.signal.aborted && !io.signal.aborted;
    if (!isLate || !(error instanceof ApiError) || error.code !== 'interrupted') throw error;
  } finally {
    clearTimeout(timer);
  }
  if (!context.isJson) context.remark(`events received: ${received}`);
}

const isGap = (event: { readonly event: string }): event is EventGap => event.event === 'gap';

const describeGap = ({ detail }: EventGap): string =>
  `events are missing: ${detail === 'restarted' ? 'the daemon was started meanwhile' : 'too many happened since'}`;
