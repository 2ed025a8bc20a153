// One command line of one of OpenVZ's programs, from its words to its exit status.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api';
import { startHint } from '../endpoint.js';
import type { Io } from '../io.js';
import { printableLines } from '../printable.js';
import { failureOf, vzCodes } from './exit-codes.js';
import { VzHost } from './host.js';
import type { ProgramName } from './names.js';
import { programs } from './programs.js';

/** Every failure becomes words on stderr and one of vzctl's codes. */
export async function runVz(name: ProgramName, words: readonly string[], io: Io): Promise<number> {
  const host = new VzHost(io);
  try {
    return await programs[name].run(host, words);
  } catch (error) {
    const { code, message, cause } = failureOf(error);
    io.stderr.write(`${printableLines(message)}\n`);
    if (cause instanceof ApiError && cause.code === 'unreachable')
      io.stderr.write(`${startHint({}, io.env, cause.cause)}\n`);
    return programs[name].failureStatus ?? vzCodes[code].status;
  } finally {
    host.client.close();
  }
}
