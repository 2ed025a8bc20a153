// Runs programs of the host for the tests: argument arrays, a time limit each, no shell.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export interface Outcome {
  /** 128 + signal number for a program that was killed. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly timeoutMs?: number;
  /** Ends the program with SIGINT, as Ctrl-C does. */
  readonly interrupt?: AbortSignal;
}

/** Resolves however the program ends; rejects only if it cannot be run or takes too long. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [file = '', ...args] = argv;
  const { promise, resolve, reject } = settled<Outcome>();
  const owner = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const child = spawn(file, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...options.env },
    ...owner,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined); // a program may end without reading its input
  child.stdin.end(options.input ?? '');
  const timeoutMs = options.timeoutMs ?? 120_000;
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new Error(`${argv.join(' ')} took longer than ${timeoutMs} ms\n${stdout}${stderr}`));
  }, timeoutMs);
  options.interrupt?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  child.on('error', reject);
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    resolve({ status: code ?? 128 + signalNumber(signal), stdout, stderr });
  });
  return promise;
}

/** The output of a program that must succeed. */
export async function output(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(argv, options);
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with status ${status}: ${stderr || stdout}`);
  return stdout;
}

const signalNumber = (signal: NodeJS.Signals | null): number =>
  signal === null ? 0 : constants.signals[signal];

function settled<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
