// Reads from liblxc's log how a container ended: the monitor writes it even while no daemon runs.
// SPDX-License-Identifier: Apache-2.0
import type { Ending } from '../driver.js';

/** `poweroff` and `reboot` are the container's own wish; `crash` is every end that nobody asked for. */
export type LoggedEnding = Omit<Ending, 'isWanted'>;

/** The script that the monitor runs last of all; a reboot is refused, since it is ours to do. */
export const STOP_HOOK = '/usr/bin/test "$LXC_TARGET" != reboot';

const SIGHUP = 1;
const SIGINT = 2;

/**
 * liblxc's own words (src/lxc/error.c, level INFO): a child that ended well is not mentioned, the others by signal or status.
 * The kernel ends the init of a pid namespace that called reboot(2) with SIGHUP, one that powered off with SIGINT.
 */
export function endingOf(log: string): LoggedEnding {
  // Whatever init ended of then, it was liblxc that ended it.
  if (log.includes('LXC mainloop exited with error'))
    return { cause: 'crash', detail: `liblxc gave up: ${gaveUp(log)}` };
  const signal = lastNumber(log, /Child <\d+> ended on signal [^(\n]*\((\d+)\)/g);
  if (signal === SIGHUP) return { cause: 'reboot', detail: 'init asked for a reboot' };
  if (signal === SIGINT) return { cause: 'poweroff', detail: 'init powered off' };
  if (signal !== undefined) return { cause: 'crash', detail: `init was ended by signal ${signal}` };
  const status = lastNumber(log, /Child <\d+> ended on error \((\d+)\)/g);
  if (status !== undefined) return { cause: 'crash', detail: `init ended with status ${status}` };
  // The hook after the stop is the monitor's last act: without it the monitor itself was ended.
  if (log.includes(`Executing script "${STOP_HOOK}"`))
    return { cause: 'poweroff', detail: 'init ended with status 0' };
  if (!/:post_start:\d+ - Started "/.test(log))
    return { cause: 'unstarted', detail: 'its start was interrupted' };
  return { cause: 'crash', detail: 'the monitor of the container was ended' };
}

function gaveUp(log: string): string {
  if (/:lxc_cmd_accept:\d+ - Too many open files/.test(log))
    return 'its monitor had no descriptor left, with so many connections to its command socket: /proc/net/unix shows them, and ss(8) whose they are';
  return startErrors(log).join('; ');
}

function lastNumber(text: string, pattern: RegExp): number | undefined {
  let last: number | undefined;
  for (const match of text.matchAll(pattern)) last = Number(match[1]);
  return last;
}

/** The errors of a failed start in the order they happened, without liblxc's file names and its consequences. */
export function startErrors(log: string): string[] {
  const consequences =
    /^(Received container state|.*Failed to receive the container state|Failed to spawn container|The container failed to start|To get more details|Additional information can be obtained|Failed to initialize container|sync_wait|lxc_sync|An error occurred in another process|Failed to setup container)/;
  const seen = new Set<string>();
  for (const line of log.split('\n')) {
    const message = / ERROR\s+\S+ - \S+:\S+:\d+ - (.*)$/.exec(line)?.[1];
    if (message !== undefined && !consequences.test(message)) seen.add(message);
  }
  return [...seen];
}
