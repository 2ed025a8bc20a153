// A client that sends whatever bytes a test wants, and shows the frames that come back.
// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import {
  encodeFrame,
  encodeRawFrame,
  type Frame,
  type FrameHeader,
  FrameSplitter,
  messageType,
} from '../frame.js';
import { remote } from '../protocol/index.js';
import { fromWire } from '../remote-error.js';

/** A frame with a header of a test's choice; unnamed words are those of an ordinary call. */
export function rawFrame(header: Partial<FrameHeader>, payload?: Uint8Array): Buffer {
  return encodeRawFrame(
    {
      program: remote.number,
      version: 1,
      procedure: 1,
      type: messageType.call,
      serial: 1,
      status: 0,
      ...header,
    },
    payload,
  );
}

const calls = remote.calls;

/** The frame of `connectOpen`. */
export function openFrame(serial = 1): Buffer {
  const header = {
    program: remote.number,
    version: 1,
    procedure: 1,
    type: messageType.call,
    serial,
    status: 0,
  };
  return encodeFrame(header, calls.connectOpen.args, { name: 'lxc:///system', flags: 0 });
}

/** One connection; `ended` settles when the server has closed it. */
export class RawClient {
  readonly socket: Socket;
  readonly ended: Promise<unknown>;
  readonly #frames: Frame[] = [];
  readonly #splitter = new FrameSplitter();
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => socket.once('close', resolve));
    // A reset by the server is what many of these tests provoke.
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk);
      for (let frame = this.#splitter.next(); frame !== undefined; frame = this.#splitter.next())
        this.#frames.push(frame);
      this.#wake();
    });
    socket.once('close', () => this.#wake());
  }

  static async connect(path: string): Promise<RawClient> {
    const socket = createConnection({ path });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Connects and opens, so that every procedure may be called. */
  static async open(path: string): Promise<RawClient> {
    const client = await RawClient.connect(path);
    client.send(openFrame());
    await client.next();
    return client;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next frame; throws when the server closes instead. */
  async next(): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.socket.destroyed) throw new Error('the server closed the connection');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The text of the error that comes next. */
  async nextError(): Promise<string> {
    const frame = await this.next();
    if (frame.status !== 1) throw new Error(`frame of status ${frame.status} instead of an error`);
    return fromWire(frame.payload).message;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
