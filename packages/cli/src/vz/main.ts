// Entry of OpenVZ's programs, which are told apart by the name they are called by.
// SPDX-License-Identifier: Apache-2.0
import '@ctvirt/api/no-debugger';
import { processIo } from '../process-io.js';
import { calledAs, programNames } from './names.js';
import { runVz } from './run.js';

const [, path = '', ...words] = process.argv;
const name = calledAs(path);
if (name === undefined) {
  process.stderr.write(`there is no such program; there are: ${programNames.join(', ')}\n`);
  process.exitCode = 127;
} else {
  // Not awaited: the bundle is a function, and no module.
  runVz(name, words, processIo()).then((code) => {
    process.exitCode = code;
  });
}
