// Runs a program of the host to its end, by argument array, with its output bounded and its failure explained.
// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { EngineError } from '../errors.js';
import { bounded } from './complaint.js';
import { spawnPiped } from './piped.js';
import { errnoInWords, refusalOf } from './refusal.js';
import { watchWritten } from './written.js';

/** How to run a program. */
export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Ends it: `run` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Exit statuses that are answers, not failures. */
  readonly allow?: readonly number[];
  /** Told now and then how many bytes it has written. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}
/** Exit status and output of a program. */
export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const OUTPUT_LIMIT = 1 << 20;
/** Programs of the host get this and nothing of the daemon's own environment. */
export const hostEnvironment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' } as const;

/**
 * Resolves when the program has ended well; rejects with `host-command`, or `no-space` and the like where it says so,
 * holding argv, status and stderr's tail.
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const [file] = argv;
  const { program, ...streams } = spawnPiped(argv, { env: { ...hostEnvironment, ...options.env } });
  const stdout = collect(streams.stdout);
  const stderr = collect(streams.stderr);
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => program.kill(), options.timeoutMs);
  const end = (): void => program.kill();
  options.signal?.addEventListener('abort', end);
  streams.stdin.end(options.input ?? '');
  using _watched = watchWritten(() => (program.isOurs ? [program.pid] : []), options.onWritten);
  const [status] = await Promise.all([program.ended, streams.read]);
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', end);
  options.signal?.throwIfAborted();
  const { signal } = program;
  if (signal === undefined && (status === 0 || options.allow?.includes(status)))
    return { status, stdout: stdout(), stderr: stderr() };
  const tail = bounded(stderr().trim().split('\n').slice(-5).join('\n'));
  const how = signal === undefined ? `ended with status ${status}` : `was ended by ${signal}`;
  const details = { argv, status, signal: signal ?? null, stderr: tail };
  const what = `${file} ${how}`;
  throw (
    refusalOf(errnoInWords(tail) ?? '', what, details) ??
    new EngineError('host-command', tail === '' ? what : `${what}: ${tail}`, details)
  );
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < OUTPUT_LIMIT) text += chunk;
  });
  return () => text;
}
