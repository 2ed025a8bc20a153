// Transports that are another program's standard input and output: ssh, and any command of the user's.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { RpcError } from '../errors.js';
import type { Dial } from './dialer.js';
import type { ConnectionUri } from './uri.js';

const keptStderrBytes = 2048;

/** A program as a byte stream; what it wrote to standard error explains its end. */
class ProcessPipe extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams, command: string) {
    super();
    this.#child = child;
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-keptStderrBytes);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    // A program that has ended breaks the pipe; its status and complaint say more, and follow.
    child.stdin.on('error', () => {});
    child.once('close', (status) => {
      const reason = complaint.trim() === '' ? `ended with status ${status}` : complaint.trim();
      this.destroy(new RpcError('connect', `'${command}': ${reason}`));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }
}

/** Runs a program and speaks with it. */
function speakWith(command: string, args: string[], signal: AbortSignal | undefined): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.once('error', (cause) => {
      reject(new RpcError('connect', `cannot run '${command}': ${cause.message}`, { cause }));
    });
    child.once('spawn', () => resolve(new ProcessPipe(child, command)));
  });
}

/** An argument for the remote login's shell, which joins its arguments and splits them again. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What to run on the other host: libvirt's relay, or netcat where the URI names a socket. */
function remoteCommand(uri: ConnectionUri, readOnly: boolean): string[] {
  const socket = uri.options.get('socket');
  const proxy = uri.options.get('proxy') ?? (socket === undefined ? 'native' : 'netcat');
  if (proxy === 'native') return ['virt-ssh-helper', ...(readOnly ? ['-r'] : []), uri.name];
  const path = socket ?? `/run/libvirt/libvirt-sock${readOnly ? '-ro' : ''}`;
  return [uri.options.get('netcat') ?? 'nc', '-U', path];
}

/** The arguments of ssh for a URI. */
export function sshArguments(uri: ConnectionUri, readOnly: boolean): string[] {
  const { host } = uri;
  if (host === undefined) throw new RpcError('invalid', 'an ssh URI needs a host');
  const keyfile = uri.options.get('keyfile');
  const knownHosts = uri.options.get('known_hosts');
  return [
    '-T',
    '-e',
    'none',
    ...(uri.port === undefined ? [] : ['-p', String(uri.port)]),
    ...(uri.user === undefined ? [] : ['-l', uri.user]),
    ...(keyfile === undefined ? [] : ['-i', keyfile]),
    ...(knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile=${knownHosts}`]),
    ...(uri.options.get('no_verify') === '1' ? ['-o', 'StrictHostKeyChecking=no'] : []),
    ...(uri.options.get('no_tty') === '1' ? ['-o', 'BatchMode=yes'] : []),
    '--',
    host,
    ...remoteCommand(uri, readOnly).map(quote),
  ];
}

/** Runs `ssh`, or the `?command=` in its place, and on the other host what reaches the daemon there. */
export const dialSsh: Dial = async (uri, { readOnly, signal }) =>
  speakWith(uri.options.get('command') ?? 'ssh', sshArguments(uri, readOnly), signal);

/** Runs the program that `?command=` names, without arguments; `invalid` where there is none. */
export const dialExt: Dial = async (uri, { signal }) => {
  const command = uri.options.get('command');
  if (command === undefined) throw new RpcError('invalid', "an ext URI needs '?command='");
  return speakWith(command, [], signal);
};
