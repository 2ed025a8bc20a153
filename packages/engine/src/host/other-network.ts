// What is asked of the kernel in another network than this one.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, writeSync } from 'node:fs';
import koffi from 'koffi';
import { check } from './syscalls.js';

const CLONE_NEWNET = 0x40000000;
const cSetns = koffi.load(null).func('int setns(int, int)');

/** What is done in the network at a path, such as `/proc/PID/ns/net`; nothing of it may wait. */
export function inNetwork<T>(path: string, action: () => T): T {
  const [here, there] = [openSync('/proc/thread-self/ns/net', 'r'), openSync(path, 'r')];
  try {
    check(cSetns(there, CLONE_NEWNET), 'setns', 'a network');
    try {
      return action();
    } finally {
      comeBack(here);
    }
  } finally {
    closeSync(here);
    closeSync(there);
  }
}

/** In another network every name means another link: there is no going on from there. */
function comeBack(here: number): void {
  try {
    check(cSetns(here, CLONE_NEWNET), 'setns', "the host's network");
  } catch (error) {
    writeSync(2, `ctvirt cannot come back from a network: ${String(error)}\n`);
    process.abort();
  }
}
