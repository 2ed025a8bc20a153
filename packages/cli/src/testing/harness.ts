// A daemon over an engine in memory, as a process of its own, and ctvirt run against it with captured streams.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../run.js';

// By path, not by import: the two packages stand side by side and neither may know the other.
const daemonProgram = fileURLToPath(
  new URL('../../../daemon/dist/testing/memory-daemon.js', import.meta.url),
);

export interface Result {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface Setting {
  readonly input?: string;
  /** Nobody ends the input: who detaches at its end has all the time he needs. */
  readonly isInputOpen?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Told all that was printed so far, whenever there is more of it. */
  readonly onOut?: (out: string) => void;
  /** Streams look like a terminal. */
  readonly isTerminal?: boolean;
}

/** Runs ctvirt in this process. */
export async function invoke(words: readonly string[], setting: Setting = {}): Promise<Result> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map(async (stream) => {
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) {
      text += chunk;
      if (stream === stdout) setting.onOut?.(text);
    }
    return text;
  });
  stdin.write(setting.input ?? '');
  if (setting.isInputOpen !== true) stdin.end();
  const terminal = setting.isTerminal ? { isTTY: true, columns: 80, rows: 24 } : {};
  const status = await run(words, {
    stdin: Object.assign(stdin, terminal),
    stdout: Object.assign(stdout, terminal),
    stderr: Object.assign(stderr, terminal),
    env: setting.env ?? {},
    signal: setting.signal ?? new AbortController().signal,
  });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { status, out, err };
}

export interface TestDaemon {
  readonly folder: string;
  /** The root that leads ctvirt to this daemon. */
  readonly root: string;
  readonly socketPath: string;
  /** Runs ctvirt against this daemon. */
  ctvirt(words: string, setting?: Setting): Promise<Result>;
}

/** Starts the daemon before a file's tests and ends it after them. */
export function withDaemon(): TestDaemon {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-cli-'));
  chmodSync(folder, 0o755); // containers' root users would pass through it
  const socketPath = join(folder, 'run', 'http.sock');
  let daemon: ChildProcess;
  before(async () => {
    daemon = spawn(process.execPath, [daemonProgram, socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve, reject) => {
      daemon.stdout?.once('data', resolve);
      daemon.once('exit', reject);
    });
  });
  after(async () => {
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    root: folder,
    socketPath,
    ctvirt: (words, setting) =>
      invoke(['--root', folder, ...words.split(' ').filter((word) => word !== '')], setting),
  };
}

/** What makes a domain one that this host cannot keep what it is promised: it starts with a remark. */
export const promisedTooMuch =
  "<memory unit='TiB'>9</memory><memtune><min_guarantee unit='TiB'>9</min_guarantee></memtune>";

/** A document of a domain that asks nothing of the host: its root is in memory. */
export const domainXml = (name: string, more = ''): string =>
  `<domain type='lxc'><name>${name}</name>${more}<os><type>exe</type></os><devices>` +
  "<filesystem type='ram'><source usage='1048576'/><target dir='/'/></filesystem></devices></domain>";
