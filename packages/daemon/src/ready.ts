// Tells systemd that the daemon answers: its unit counts as started from then on, and what is ordered after it comes next.
// SPDX-License-Identifier: Apache-2.0
import { spawnProgram } from '@ctvirt/engine';
import type { Logger } from 'pino';

/** Node has no sockets for datagrams, so systemd's own program passes the word on, in the daemon's name. */
export function tellReady(log: Logger): void {
  const { NOTIFY_SOCKET, PATH = '/usr/bin:/bin' } = process.env;
  if (NOTIFY_SOCKET === undefined) return;
  const failed = (why: string): void =>
    log.error(`systemd is not told that the daemon is ready, and will end it: systemd-notify ${why}`);
  try {
    const { ended } = spawnProgram(['systemd-notify', '--ready', `--pid=${process.pid}`], {
      env: { NOTIFY_SOCKET, PATH },
    });
    void ended.then((status) => {
      if (status !== 0) failed(`ended with status ${status}`);
    });
  } catch (error) {
    failed(String(error));
  }
}
