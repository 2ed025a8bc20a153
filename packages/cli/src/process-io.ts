// This process as the command lines see it: its streams, and its signals.
// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { Io } from './io.js';

const status = (name: NodeJS.Signals): number => 128 + constants.signals[name];

/** Listens to the signals that end a process: once a process. */
export function processIo(): Io {
  const abort = new AbortController();
  let listener: ((name: NodeJS.Signals) => void) | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)
    process.on(name, () => {
      if (listener !== undefined) return listener(name);
      // Whatever does not listen to the signal is left behind at the second Ctrl-C, or soon.
      if (abort.signal.aborted || name !== 'SIGINT') process.exit(status(name));
      abort.abort();
      setTimeout(() => process.exit(status(name)), 3000).unref();
    });
  // Node puts terminals back when it ends, and aborts with a core dump where one is gone: whoever closed its window ends it by that.
  const terminals = [0, 1, 2].filter(isatty);
  process.on('exit', () => {
    if (terminals.every(isatty)) return;
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  });
  // `ctvirt list | head` ends when head has enough.
  let unread = 0;
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? unread : 1),
  );
  return {
    // Asked for by the verbs that read it alone: Node opens a pipe without blocking, and others may read from it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: abort.signal,
    needsReader(ending) {
      unread = ending;
    },
    onSignal(listen) {
      listener = listen;
      return () => {
        listener = undefined;
      };
    },
  };
}
