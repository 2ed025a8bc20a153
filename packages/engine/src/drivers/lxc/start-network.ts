// Which network a start has made, told before a link of the host is moved into it: the daemon holds it, so that the link is not lost
// should the start fail, of which liblxc takes no links back.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync } from 'node:fs';
import { unlessGone } from '../../host/gone.js';

const LOOK_MS = 10;
/** A daemon that was killed answers nobody. */
const PATIENCE_S = 2;

/**
 * The command of the monitor that tells it: the pid of the child with another network than its own, in a file that goes when it was
 * seen. liblxc adds words.
 */
export const networkCommand = (path: string, inQuotes: (word: string) => string): string =>
  `/bin/sh -c 'for pid in $(/bin/cat /proc/$PPID/task/$PPID/children); do ` +
  `[ /proc/$pid/ns/net -ef /proc/$PPID/ns/net ] || echo $pid > "$0.new"; done; /bin/mv "$0.new" "$0"; ` +
  `at=0; while [ -e "$0" ] && [ $at -lt ${PATIENCE_S * 20} ]; do /bin/sleep 0.05; at=$((at + 1)); done' ${inQuotes(path)}`;

/** Looks until it is disposed whether somebody tells it there. */
export function hearNetwork(path: string, hold: (pid: number) => void): Disposable {
  const timer = setInterval(() => {
    const text = unlessGone(() => readFileSync(path, 'utf8'));
    if (text === undefined) return;
    const pid = Number(text);
    if (Number.isSafeInteger(pid) && pid > 1) hold(pid);
    rmSync(path, { force: true });
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
