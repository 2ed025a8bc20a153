// A session of Node's: three streams and a status over one upgraded socket.
// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { type SessionControls, SessionTalk } from '../session/client-session.js';

/** A running program or attached console. Both output streams must be read, or the session stands still. */
export interface ClientSession extends SessionControls {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Opens a session on an upgraded socket; resolves when the daemon says it runs. */
export async function openSession(socket: Socket, head: Buffer, open: unknown): Promise<ClientSession> {
  const read = () => {
    if (!talk.hasEnded) socket.resume();
  };
  const streams = { stdout: new Readable({ read }), stderr: new Readable({ read }) };
  const talk = new SessionTalk(
    { send: (frame) => socket.write(frame), end: () => socket.destroySoon() },
    {
      write: (stream, bytes) => {
        if (!streams[stream].push(bytes)) socket.pause();
      },
      end: () => {
        streams.stdout.push(null);
        streams.stderr.push(null);
      },
    },
  );
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  socket.on('data', (chunk: Buffer) => talk.receive(chunk));
  socket.on('error', (cause) => talk.lose(cause.message, cause));
  socket.on('end', () => talk.lose('it closed the connection'));
  socket.on('close', () => talk.lose('it closed the connection'));
  talk.open(open);
  if (head.length > 0) talk.receive(head);
  await talk.opened;
  return {
    ...streams,
    stdin: inputOf(talk),
    ...talk.controls(),
  };
}

function inputOf(talk: SessionTalk): Writable {
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, done) => talk.input(chunk, done),
    final: (done) => {
      talk.inputEnd();
      done();
    },
  });
  // The program may end while stdin is still being written: its exit status tells enough.
  stdin.on('error', () => undefined);
  return stdin;
}
