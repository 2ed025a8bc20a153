// Requests to a world's door for browsers, which is a port in its enclosure: by hand, so that they say whatever they like.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { type IncomingHttpHeaders, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeFrame, encodeJson, FrameDecoder, sessionProtocol } from '@ctvirt/api';
import type { Enclosure } from './enclosure.js';

export type Headers = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Passes on what comes to a socket that all of the host sees. */
const relay = `
const { connect, createServer } = require('node:net');
const [path, host, port] = process.argv.slice(1);
createServer((near) => {
  const far = connect({ host, port });
  near.on('error', () => far.destroy()).on('close', () => far.destroy());
  far.on('error', () => near.destroy()).on('close', () => near.destroy());
  near.pipe(far).pipe(near);
}).listen(path, () => process.stdout.write('ready'));
`;

/** A port of an enclosure as the rest of the host reaches it. */
export class WebDoor implements AsyncDisposable {
  private constructor(
    private readonly path: string,
    private readonly child: ChildProcess,
    readonly origin: string,
  ) {}

  static async open(enclosure: Enclosure, path: string, origin: string): Promise<WebDoor> {
    const { hostname, port } = new URL(origin);
    const [file = '', ...args] = enclosure.argv(process.execPath, '--eval', relay, path, hostname, port);
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return new WebDoor(path, child, origin);
  }

  connect(): Socket {
    return connectSocket(this.path);
  }

  /** `authority` is whose certificate is to be found there. */
  ask(method: string, path: string, headers: Headers, body = '', authority?: string): Promise<Answer> {
    const { host, hostname, protocol } = new URL(this.origin);
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { method, path, headers: { host, ...length, ...headers } };
    const call =
      protocol === 'http:'
        ? request({ ...options, agent: false, socketPath: this.path })
        : requestTls({
            ...options,
            createConnection: () => connectTls({ socket: this.connect(), ca: authority, host: hostname }),
          });
    return new Promise((resolve, reject) => {
      call.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => (text += part));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        answer.on('error', reject);
      });
      call.on('error', reject).end(body);
    });
  }

  /** Uses a link; what the page of the session says with each request from then on. */
  async enter(link: string, authority?: string): Promise<Headers> {
    const body = JSON.stringify({ token: new URL(link).hash.slice('#t='.length) });
    const { origin } = this;
    const headers = { origin, 'content-type': 'application/json' };
    const {
      status,
      text,
      headers: said,
    } = await this.ask('POST', '/v1/web/session', headers, body, authority);
    if (status !== 200) throw new Error(`the link is not taken: ${status} ${text}`);
    const [cookie = ''] = said['set-cookie']?.[0]?.split(';') ?? [];
    return { origin, cookie, 'x-ctvirt-key': String(JSON.parse(text).key) };
  }

  /** Runs a program in a domain: what it wrote, or the status that the upgrade was refused with. `opened` hears of output. */
  run(
    domain: string,
    argv: readonly string[],
    headers: Headers,
    opened: () => void = () => undefined,
    more: { readonly tty?: boolean; readonly keep?: boolean } = {},
  ): Promise<string | number> {
    const call = request({
      socketPath: this.path,
      path: `/v1/domains/${domain}/exec`,
      headers: {
        host: new URL(this.origin).host,
        connection: 'upgrade',
        upgrade: sessionProtocol,
        ...headers,
      },
    });
    return new Promise((resolve, reject) => {
      call.on('response', (answer) => resolve(answer.resume().statusCode ?? 0));
      call.on('upgrade', (_answer, socket, head) => {
        const decoder = new FrameDecoder();
        let output = '';
        const take = (bytes: Uint8Array) => {
          for (const { type, payload } of decoder.push(bytes)) {
            if (type === 'opened' && !more.tty) socket.write(encodeFrame('stdinEnd'));
            if (type !== 'stdout') continue;
            output += Buffer.from(payload).toString();
            opened();
          }
        };
        socket
          .on('data', take)
          .on('close', () => resolve(output))
          .on('error', () => undefined);
        socket.write(encodeJson('open', { argv, ...more }));
        if (head.length > 0) take(head);
      });
      call.on('error', reject).end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}
