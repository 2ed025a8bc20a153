// Runs a program of a container's own in it for the engine, which waits for it no longer than a while and believes it nothing.
// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { EngineError } from '../../errors.js';
import type { Run } from '../driver.js';

const WAIT_MS = 10_000;
/** More than any file that is read for a change. */
const MOST = 2 << 20;

/** What to run, as whom, and what it reads. */
export interface Tool {
  /** For /bin/sh. */
  readonly script: string;
  /** `$1` and so on. */
  readonly words?: readonly string[];
  /** By the lists inside; root without it. */
  readonly user?: string;
  /** Bytes, each a character (latin1), as what it prints. */
  readonly input?: string;
}

/** Returns all that it printed; throws `host-command` with its own words if it fails, `timeout` if it does not end. */
export async function runInside(
  run: Pick<Run, 'exec'>,
  { script, words = [], user, input = '' }: Tool,
): Promise<string> {
  const argv = ['/bin/sh', '-c', script, 'sh', ...words];
  const session = await run.exec({ argv, user, env: {} });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    session.kill();
  }, WAIT_MS);
  try {
    session.stdin.on('error', () => undefined); // it need not read
    session.stdin.end(Buffer.from(input, 'latin1'));
    const [out, err, status] = await Promise.all([
      textOf(session.stdout),
      textOf(session.stderr),
      session.exited,
    ]);
    if (isLate) throw new EngineError('timeout', `a program inside did not end within ${WAIT_MS / 1000} s`);
    // A part of a file would be written back as the whole.
    if (out.length > MOST)
      throw new EngineError('host-command', `a program inside printed more than ${MOST >> 20} MiB`, {
        status,
      });
    if (status === 0) return out;
    const said = err.trim().split('\n').at(-1);
    throw new EngineError('host-command', said || `a program inside ended with status ${status}`, { status });
  } finally {
    clearTimeout(timer);
  }
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('latin1')) if (text.length <= MOST) text += chunk;
  return text;
}
