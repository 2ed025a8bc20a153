// Entry of the `ctvirt` command.
// SPDX-License-Identifier: Apache-2.0
import { run } from './run.js';

const interrupted = 130;
const abort = new AbortController();

process.once('SIGINT', () => {
  abort.abort();
  // Whatever does not listen to the signal is left behind at the second Ctrl-C, or soon.
  process.once('SIGINT', () => process.exit(interrupted));
  setTimeout(() => process.exit(interrupted), 3000).unref();
});
// `ctvirt list | head` ends when head has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// Not awaited: the bundle is a function, and no module.
run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: abort.signal,
}).then((status) => {
  process.exitCode = status;
});
