// Unix sockets: the daemon's common socket, or the driver's own where libvirt runs one daemon per driver.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Dial } from './dialer.js';
import { dialSocket, whenReady } from './socket.js';
import type { ConnectionUri } from './uri.js';

/** The socket a URI means: `?socket=`, else the first that exists of `libvirt-sock` and `virt<driver>d-sock`. */
export function socketPath(uri: ConnectionUri, readOnly: boolean): string {
  const given = uri.options.get('socket');
  if (given !== undefined) return given;
  const isSession = uri.path === '/session';
  const runtime = process.env.XDG_RUNTIME_DIR ?? join(homedir(), '.cache');
  const folder = isSession ? join(runtime, 'libvirt') : '/run/libvirt';
  const suffix = readOnly && !isSession ? '-ro' : '';
  const common = join(folder, `libvirt-sock${suffix}`);
  const own = join(folder, `virt${uri.driver}d-sock${suffix}`);
  const mode = uri.options.get('mode') ?? 'auto';
  if (mode === 'direct') return own;
  return mode === 'auto' && !existsSync(common) && existsSync(own) ? own : common;
}

/** Connects to the socket that `socketPath` finds. */
export const dialUnix: Dial = (uri, { readOnly, signal }) => {
  const path = socketPath(uri, readOnly);
  return whenReady(dialSocket({ path }), 'connect', path, signal);
};
