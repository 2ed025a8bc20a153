// The console of a container: the terminal that its monitor gives to one at a time, over the command socket.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { EngineError } from '../../errors.js';
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

/**
 * Opens a console; it is free again once its stream is closed. Throws `busy` where another one has it. The monitor stands between it
 * and the terminal that the container has, and passes on what is written there, but not its size.
 */
export async function openConsole({ address, monitorPid }: ConsoleOf, size: TerminalSize): Promise<Terminal> {
  const connection = connectToMonitor(address);
  if (connection === undefined) throw ended();
  let master: number;
  let inner: number | undefined;
  try {
    const given = await requestConsole(connection);
    if (given === undefined) throw new EngineError('busy', 'liblxc has given the console to another one');
    master = given;
    try {
      inner = fetchTerminal(monitorPid, master);
      dontBlock(master);
      takeBytesAsTheyAre(master);
      if (inner !== undefined) setSize(inner, size);
    } catch (error) {
      closeSync(master);
      if (inner !== undefined) closeSync(inner);
      throw error;
    }
  } catch (error) {
    closeSync(connection);
    throw error;
  }
  const socket = new Socket({ fd: connection, readable: true, writable: false });
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => socket.destroy()); // 'close' follows and says the same
  socket.resume();
  const terminal = terminalOf(master, openSlave(master), over);
  terminal.stream.once('close', () => {
    socket.destroy();
    if (inner !== undefined) closeSync(inner);
    inner = undefined;
  });
  const resize = (columns: number, rows: number): void => {
    if (inner !== undefined) setSize(inner, { columns, rows });
  };
  return { stream: terminal.stream, resize };
}

const ended = (): EngineError => new EngineError('wrong-state', 'the container has ended meanwhile');
