// Counts how often files below folders are opened or read, by whoever: inotify tells it of control groups as well.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../src/world/reads.py', import.meta.url));

export interface Reads {
  /** Since the count before, or since it was begun. */
  count(): Promise<number>;
}

/** Has somebody count them while something is done. */
export async function countingReads(
  folders: readonly string[],
  work: (reads: Reads) => Promise<void>,
): Promise<void> {
  const counter = spawn('/usr/bin/python3', ['-B', program, ...folders], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(counter, 'exit');
  const lines = createInterface(counter.stdout)[Symbol.asyncIterator]();
  const count = async (): Promise<number> => {
    counter.stdin.write('\n');
    const { value, done } = await lines.next();
    return done ? assert.fail('nobody counts') : Number(value);
  };
  try {
    await count();
    await work({ count });
  } finally {
    counter.stdin.end();
    await ended;
  }
}
