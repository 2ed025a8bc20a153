// A session of a browser's: three streams and a status over one WebSocket.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.js';
import { type SessionControls, SessionTalk } from '../session/client-session.js';
import { sessionProtocol } from '../session/frame.js';

/**
 * A running program or attached console. A WebSocket cannot be told to wait: what comes and is not read lies in the page's memory.
 */
export interface BrowserSession extends SessionControls {
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
}

/** Opens a session at a ws: or wss: URL; resolves when the daemon says it runs. */
export async function openSession(
  url: string,
  open: unknown,
  { key, signal }: { readonly key?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<BrowserSession> {
  if (signal?.aborted) throw new ApiError('interrupted', 'interrupted');
  const socket = new WebSocket(url, key === undefined ? [sessionProtocol] : [sessionProtocol, `key.${key}`]);
  socket.binaryType = 'arraybuffer';
  // Its end tells as much.
  socket.onerror = () => undefined;
  const streams = { stdout: pipe(), stderr: pipe() };
  const talk = new SessionTalk(
    {
      // A browser complains of what is said to one that is closing, whose end tells as much.
      send: (frame) => {
        if (socket.readyState === socket.OPEN) socket.send(frame);
      },
      end: () => socket.close(),
    },
    {
      write: (stream, bytes) => streams[stream].controller.enqueue(bytes),
      end: () => {
        streams.stdout.controller.close();
        streams.stderr.controller.close();
      },
    },
    signal,
  );
  // A browser does not tell a page why a WebSocket was refused.
  socket.onclose = () => talk.miss(`no session can be opened at ${url}`);
  socket.onopen = () => {
    socket.onclose = ({ reason }) => talk.lose(reason === '' ? 'it closed the connection' : reason);
    talk.open(open);
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) talk.receive(new Uint8Array(data));
    else talk.lose('it sent text');
  };
  await talk.opened;
  return {
    stdout: streams.stdout.stream,
    stderr: streams.stderr.stream,
    stdin: new WritableStream({
      write: (chunk) => new Promise<void>((resolve) => talk.input(chunk, resolve)),
      close: () => talk.inputEnd(),
    }),
    ...talk.controls(),
  };
}

interface Pipe {
  readonly stream: ReadableStream<Uint8Array>;
  readonly controller: Pick<ReadableStreamDefaultController<Uint8Array>, 'enqueue' | 'close'>;
}

/** A stream that takes what comes until it is over, whether or not somebody reads it. */
function pipe(): Pipe {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isLeft = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (own) => {
      controller = own;
    },
    cancel: () => {
      isLeft = true;
    },
  });
  return {
    stream,
    controller: {
      enqueue: (bytes) => {
        if (!isLeft) controller.enqueue(bytes);
      },
      close: () => {
        if (!isLeft) controller.close();
      },
    },
  };
}
