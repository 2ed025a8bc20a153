// The kernel's numbers of the calls that enter a container: they are of before the day when every architecture got the same.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';

type Call =
  | 'close_range'
  | 'dup3'
  | 'fchownat'
  | 'fstatfs'
  | 'keyctl'
  | 'linkat'
  | 'move_mount'
  | 'open_tree'
  | 'personality'
  | 'prctl'
  | 'prlimit64'
  | 'seccomp'
  | 'sendmsg'
  | 'setgroups'
  | 'setns'
  | 'setresgid'
  | 'setresuid'
  | 'setsid'
  | 'umount2'
  | 'unshare';

const x64: Readonly<Record<Call, number>> = {
  close_range: 436,
  dup3: 292,
  fchownat: 260,
  fstatfs: 138,
  keyctl: 250,
  linkat: 265,
  move_mount: 429,
  open_tree: 428,
  personality: 135,
  prctl: 157,
  prlimit64: 302,
  seccomp: 317,
  sendmsg: 46,
  setgroups: 116,
  setns: 308,
  setresgid: 119,
  setresuid: 117,
  setsid: 112,
  umount2: 166,
  unshare: 272,
};

/** Of the architectures that came to Linux late, among them arm64. */
const generic: typeof x64 = {
  close_range: 436,
  dup3: 24,
  fchownat: 54,
  fstatfs: 44,
  keyctl: 219,
  linkat: 37,
  move_mount: 429,
  open_tree: 428,
  personality: 92,
  prctl: 167,
  prlimit64: 261,
  seccomp: 277,
  sendmsg: 211,
  setgroups: 159,
  setns: 268,
  setresgid: 149,
  setresuid: 147,
  setsid: 157,
  umount2: 39,
  unshare: 97,
};

const tables: Readonly<Record<string, typeof x64>> = {
  x64,
  arm64: generic,
  riscv64: generic,
  loong64: generic,
};

/** Returns the numbers for an architecture; throws `unsupported` for an unknown one. */
export function callNumbers(architecture: string = process.arch): typeof x64 {
  const table = tables[architecture];
  if (table === undefined)
    throw new EngineError(
      'unsupported',
      `programs cannot be run inside containers on ${architecture}: ctvirt knows x64, arm64, riscv64 and loong64`,
    );
  return table;
}
