// The console of a container: the terminal that its monitor gives to one at a time, over the command socket.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { containerGone, EngineError } from '../../errors.js';
import { dontBlock } from '../../host/descriptors.js';
import { fetchTerminal } from '../../host/pidfd.js';
import {
  openSlave,
  setSize,
  type Terminal,
  type TerminalSize,
  takeBytesAsTheyAre,
  terminalOf,
} from '../../host/pty.js';
import { connectToMonitor, requestConsole } from './command-socket.js';

/** Whose console, and how its monitor is reached. */
export interface ConsoleOf {
  readonly address: string;
  readonly monitorPid: number;
}

/** Opens a console; it is free again once its stream is closed. Throws `busy` where another one has it. */
export async function openConsole({ address, monitorPid }: ConsoleOf, size: TerminalSize): Promise<Terminal> {
  const connection = connectToMonitor(address);
  if (connection === undefined) throw containerGone();
  const held = [connection];
  const letGo = (): void => {
    for (const fd of held.splice(0)) closeSync(fd);
  };
  try {
    const master = await requestConsole(connection);
    if (master === undefined) throw new EngineError('busy', 'liblxc has given the console to another one');
    const slave = openSlave(master);
    held.push(master, slave);
    dontBlock(master);
    takeBytesAsTheyAre(master);
    // The monitor stands between this terminal and the container's, and passes on what is written, but not the size.
    const inner = fetchTerminal(monitorPid, master);
    if (inner !== undefined) held.push(inner);
    const resize = (columns: number, rows: number): void => {
      if (inner !== undefined && held.includes(inner)) setSize(inner, { columns, rows });
    };
    resize(size.columns, size.rows);
    // From here on the first three are their streams'.
    held.splice(0, 3);
    const socket = new Socket({ fd: connection, readable: true, writable: false });
    const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => socket.destroy()); // 'close' follows and says the same
    socket.resume();
    const { stream } = terminalOf(master, slave, over);
    stream.once('close', () => {
      socket.destroy();
      letGo();
    });
    return { stream, resize };
  } catch (error) {
    letGo();
    throw error;
  }
}
