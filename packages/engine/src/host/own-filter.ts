// Puts a filter of system calls on the daemon's main thread: whatever that starts from then on has it too.
// SPDX-License-Identifier: Apache-2.0
import koffi from 'koffi';
import { check } from './syscalls.js';

const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const INSTRUCTION_BYTES = 8;

const Program = koffi.struct('ctvirt_sock_fprog', { len: 'uint16', filter: 'void *' });
const cPrctl = koffi.load(null).func('prctl', 'int', ['int', 'ulong', koffi.pointer(Program)]);

/** Cannot be taken off again; takes CAP_SYS_ADMIN. */
export function putOnFilter(instructions: Buffer): void {
  const program = { len: instructions.length / INSTRUCTION_BYTES, filter: instructions };
  check(cPrctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program), 'prctl', 'a filter of system calls');
}
