// One HTTP exchange with the daemon over its unix socket or a TCP address.
// SPDX-License-Identifier: Apache-2.0
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { ApiError } from '../errors.js';
import { sessionProtocol } from '../session/frame.js';
import type { Outgoing, Transport } from '../transport.js';
import { parseErrorBody } from '../wire.js';
import { MessageReply, readText } from './reply.js';
import { type ClientSession, openSession } from './session.js';

/** Where a daemon listens. */
export type Endpoint = { readonly socketPath: string } | { readonly baseUrl: string };

/** How Node holds bytes that go out. */
export type Content = Readable | Uint8Array;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'permission denied',
  ENOTSOCK: 'it is no socket',
  ENOTFOUND: 'there is no such host',
};

/** Without a name of a server for TLS, which Node looks for even here, by a regular expression that takes a command 3 ms to compile. */
const agentOptions = { keepAlive: true, maxSockets: 64, servername: '' };

/** Node's sockets as a transport: kept-alive connections, uploads as they come, sessions by upgrade. */
export class Connection implements Transport<Content, ClientSession> {
  readonly #agent = new Agent(agentOptions);
  readonly #base: RequestOptions;
  /** The address in words, for messages. */
  readonly where: string;

  constructor(endpoint: Endpoint) {
    if ('socketPath' in endpoint) {
      this.#base = { socketPath: endpoint.socketPath, host: 'localhost' };
      this.where = endpoint.socketPath;
    } else {
      const url = new URL(endpoint.baseUrl);
      this.#base = {
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? 80 : Number(url.port),
      };
      this.where = endpoint.baseUrl;
    }
  }

  /** Resolves with the head of a good answer; any other becomes an ApiError. */
  async send(outgoing: Outgoing<Content>): Promise<MessageReply> {
    const answer = await this.#exchange(outgoing);
    if ((answer.statusCode ?? 500) >= 400) throw ApiError.fromBody(parseErrorBody(await readText(answer)));
    return new MessageReply(answer);
  }

  /** A session on a connection of its own. */
  async open(target: string, open: unknown, signal?: AbortSignal): Promise<ClientSession> {
    const { socket, head } = await this.#upgrade(target, signal);
    return await openSession(socket, head, open);
  }

  /** Asks for a session; resolves with the bare connection and what already came over it. */
  #upgrade(target: string, signal?: AbortSignal): Promise<{ socket: Socket; head: Buffer }> {
    return new Promise((resolve, reject) => {
      const fail = (cause: NodeJS.ErrnoException) => reject(this.#unreachable(cause, signal));
      const call = request({
        ...this.#base,
        method: 'GET',
        path: target,
        headers: { connection: 'upgrade', upgrade: sessionProtocol },
        ...(signal && { signal }),
      });
      call.on('upgrade', (_answer, socket, head) => resolve({ socket, head }));
      call.on('response', (answer) => {
        readText(answer).then((text) => reject(ApiError.fromBody(parseErrorBody(text))), fail);
      });
      call.on('error', fail);
      call.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange(outgoing: Outgoing<Content>, isRetry = false): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = request({
        ...this.#base,
        agent: this.#agent,
        method: outgoing.method,
        path: outgoing.target,
        headers: {
          ...outgoing.headers,
          ...(outgoing.contentType !== undefined && { 'content-type': outgoing.contentType }),
        },
        ...(outgoing.signal && { signal: outgoing.signal }),
      });
      let answered = false;
      call.on('response', (answer) => {
        answered = true;
        resolve(answer);
      });
      call.on('error', (cause: NodeJS.ErrnoException) => {
        // A kept-alive connection may have been closed by the daemon just as it was used again.
        if (call.reusedSocket && cause.code === 'ECONNRESET' && outgoing.method === 'GET' && !isRetry)
          this.#exchange(outgoing, true).then(resolve, reject);
        // The daemon may refuse an upload before its end: its answer is then on the way or here already.
        else if (cause.code === 'EPIPE' && !answered)
          call.once('close', () => reject(this.#unreachable(cause)));
        else reject(this.#unreachable(cause, outgoing.signal));
      });
      writeContent(call, outgoing.content);
    });
  }

  #unreachable(cause: NodeJS.ErrnoException, signal?: AbortSignal): ApiError {
    if (signal?.aborted) return new ApiError('interrupted', 'interrupted', {}, { cause });
    if (cause.code === 'ECONNRESET')
      return new ApiError(
        'unreachable',
        `the daemon at ${this.where} ended before it answered: what was asked for is done whole or not at all`,
        {},
        { cause },
      );
    const reason = reasons[cause.code ?? ''] ?? cause.message;
    return new ApiError('unreachable', `cannot reach the daemon at ${this.where}: ${reason}`, {}, { cause });
  }
}

function writeContent(call: ClientRequest, content: Outgoing<Content>['content']): void {
  if (!(content instanceof Readable)) {
    call.end(content);
    return;
  }
  content.on('error', (error) => call.destroy(error));
  call.on('close', () => content.destroy());
  content.pipe(call);
}
