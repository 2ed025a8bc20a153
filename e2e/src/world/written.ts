// A program that writes without end, and what it must have written: whatever becomes of the daemon, its log has no gap.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { output } from './command.js';

/** Goes on where it was; ends when it is asked to, as an init does. */
const writer = `trap 'exit 0' TERM PWR USR1 USR2 INT
mkdir -p /srv/d; touch /srv/log; n=$(wc -l </srv/log)
while :; do n=$((n+1)); echo $n >>/srv/log; echo $n >/srv/d/$((n%7)); mv /srv/d/$((n%7)) /srv/d/e$((n%3)); sleep 0.02; done`;
export const writing = ['/bin/sh', '-c', writer] as const;

/** The log as it lies on the host in the folder of a root, which nothing has mounted. */
export async function logAtRest(root: string): Promise<string> {
  const image = `${root}/root.img`;
  const inImage = ['/usr/sbin/debugfs', '-R', 'cat /upper/srv/log', image];
  return existsSync(image) ? await output(inImage) : readFileSync(`${root}/root.layer/upper/srv/log`, 'utf8');
}

/** The same of one that runs, as its init sees it. */
export const logInside = (initPid: number): string => readFileSync(`/proc/${initPid}/root/srv/log`, 'utf8');

/** How much it wrote; what is missing of it or there twice is a fault. */
export function linesOf(log: string, what: string): number {
  const lines = log.split('\n');
  // One may just be written.
  lines.pop();
  const wrong = lines.findIndex((line, at) => line !== String(at + 1));
  assert.equal(wrong, -1, `${what}: line ${wrong + 1} of ${lines.length} is ${lines[wrong]}`);
  return lines.length;
}
