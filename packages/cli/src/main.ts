// Entry of the `ctvirt` command.
// SPDX-License-Identifier: Apache-2.0
import '@ctvirt/api/no-debugger';
import { processIo } from './process-io.js';
import { run } from './run.js';

// Not awaited: the bundle is a function, and no module.
run(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code;
});
