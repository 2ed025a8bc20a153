// How many bytes programs of the host have written, of those that do not say it themselves.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

const LOOK_MS = 200;

/** Looks until it is disposed; nothing is told where the kernel does not count. */
export function watchWritten(
  pids: () => readonly number[],
  tell: ((bytes: number) => void) | undefined,
): Disposable {
  if (tell === undefined) return { [Symbol.dispose]: () => undefined };
  let most = 0;
  const timer = setInterval(() => {
    const bytes = pids().reduce((sum, pid) => sum + writtenBy(pid), 0);
    if (bytes <= most) return;
    most = bytes;
    tell(bytes);
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** By whatever call; 0 of one that has ended. */
function writtenBy(pid: number): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
