// Which daemon a command talks to, and what to tell a person when it does not answer.
// SPDX-License-Identifier: Apache-2.0
import { join, resolve } from 'node:path';
import type { Io } from './io.js';

const systemSocket = '/run/ctvirt/http.sock';

/** What the command line says of where the daemon is: paths of its socket or root, as they were typed. */
export interface Choice {
  readonly socket?: string | undefined;
  readonly root?: string | undefined;
  /** Of a libvirt. */
  readonly uri?: string | undefined;
}

/** `--socket`, else the socket of `--root` or CTVIRT_ROOT, else the system's. */
export function socketPathOf({ socket, root }: Choice, env: Io['env']): string {
  if (socket !== undefined) return resolve(socket);
  const rootDir = rootOf(root, env);
  return rootDir === undefined ? systemSocket : join(resolve(rootDir), 'run', 'http.sock');
}

/** What to do about a daemon that did not answer, by what the connection's error was. */
export function startHint({ socket, root, uri }: Choice, env: Io['env'], cause: unknown): string {
  if (uri !== undefined) return `is a libvirt daemon running that ${uri} leads to?`;
  if (cause instanceof Error && 'code' in cause && cause.code === 'EACCES')
    return "the daemon serves root: run this with 'sudo'";
  if (socket !== undefined) return 'is it the socket of a running ctvirtd?';
  const rootDir = rootOf(root, env);
  return rootDir === undefined
    ? "start it with 'systemctl start ctvirtd', or 'npm start' in a source tree"
    : `start it with 'ctvirtd --root ${rootDir}'`;
}

const rootOf = (root: string | undefined, env: Io['env']): string | undefined =>
  root ?? (env.CTVIRT_ROOT === '' ? undefined : env.CTVIRT_ROOT);
