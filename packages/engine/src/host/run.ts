// Runs a program of the host to its end, by argument array, with its output bounded and its failure explained.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { EngineError } from '../errors.js';
import { errnoInWords, refusalOf } from './refusal.js';

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Exit statuses that are answers, not failures. */
  readonly allow?: readonly number[];
}
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
export function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const [file, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...hostEnvironment, ...options.env },
    });
    const collect = (stream: NodeJS.ReadableStream): (() => string) => {
      let text = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        if (text.length < OUTPUT_LIMIT) text += chunk;
      });
      return () => text;
    };
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    child.on('error', (cause) => {
      clearTimeout(timer);
      const missing = 'code' in cause && cause.code === 'ENOENT';
      const hint = missing ? `${file} is not installed` : cause.message;
      reject(new EngineError('host-command', `cannot run ${file}: ${hint}`, { argv }, { cause }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const status = code ?? 128;
      if (code !== null && (code === 0 || options.allow?.includes(code))) {
        resolve({ status, stdout: stdout(), stderr: stderr() });
        return;
      }
      const tail = stderr().trim().split('\n').slice(-5).join('\n');
      const how = signal === null ? `ended with status ${status}` : `was ended by ${signal}`;
      const details = { argv, status, signal, stderr: tail };
      const what = `${file} ${how}`;
      reject(
        refusalOf(errnoInWords(tail) ?? '', what, details) ??
          new EngineError('host-command', tail === '' ? what : `${what}: ${tail}`, details),
      );
    });
    child.stdin.on('error', () => undefined); // a program may end without reading its input
    child.stdin.end(options.input ?? '');
  });
}
