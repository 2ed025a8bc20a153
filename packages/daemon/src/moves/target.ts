// Another host's ctvirtd, as the engine reaches it to give it a domain: libvirt's protocol over ssh, TLS or a socket.
// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MoveAnswer, MoveStream } from '@ctvirt/api';
import { type EngineCode, EngineError, engineCodes, type MoveTarget } from '@ctvirt/engine';
import { type Connection, connect, RpcError } from '@ctvirt/rpc';
import { answerIn, codeInFault, toCookie } from './wire.js';

/** Where ctvirtd listens on a host that nothing else was said of. */
const SOCKET = '/run/ctvirt/libvirt-sock';
const TLS_PORT = 16_514;
/** Before anything is agreed, nobody waits longer for a host that says nothing. */
const SILENT_MS = 30_000;

/** How another host would reach this one at an address: as whoever asks has come, by ssh or TLS. */
export function uriHere(
  transport: string,
  address: string,
  { socket, tlsPort }: { readonly socket: string; readonly tlsPort: number },
): string {
  if (transport !== 'tls')
    return `ctvirt+ssh://${address}/system${socket === SOCKET ? '' : `?socket=${encoded(socket)}`}`;
  return `ctvirt+tls://${address}${tlsPort === TLS_PORT ? '' : `:${tlsPort}`}/system`;
}

/** A path within a query: what would end it there, or begin something else, is escaped. */
const encoded = (path: string): string => encodeURIComponent(path).replaceAll('%2F', '/');

/** Opens a connection; ssh asks nobody anything, since nobody sits before it. */
export async function reach(uri: string, silentMs = SILENT_MS): Promise<MoveTarget> {
  const connection = await inTime(uri, silentMs, (signal) => connected(uri, signal));
  const { client } = connection;
  return {
    ask: (question) =>
      translated(uri, async () => {
        const asked = { params: [], cookieIn: toCookie({ question }), flags: 0 };
        const call = (signal?: AbortSignal) => client.call('domainMigratePrepare3Params', asked, { signal });
        const { cookieOut } =
          question.step === 'look' ? await inTime(uri, silentMs, call, () => client.close()) : await call();
        return answerOf(uri, cookieOut);
      }),
    send: (what, bytes) => translated(uri, () => send(connection, what, bytes)),
    close: () => connection.close(),
  };
}

/** Of ssh: the socket of ctvirtd, where the URI names none, since libvirt's own relay does not know it. */
export function complete(uri: string): string {
  if (!/^ctvirt\+/.test(uri))
    throw new EngineError(
      'invalid',
      `'${uri}' is no URI of a ctvirtd like ctvirt+ssh://HOST/: to another hypervisor nothing can be moved`,
    );
  if (!uri.startsWith('ctvirt+ssh:')) return uri;
  const more = [...(/[?&](socket|proxy|command)=/.test(uri) ? [] : [`socket=${SOCKET}`]), 'no_tty=1'];
  return `${uri}${uri.includes('?') ? '&' : '?'}${more.join('&')}`;
}

async function send({ client }: Connection, what: MoveStream, bytes: Readable): Promise<void> {
  const asked = { params: [], cookieIn: toCookie(what), flags: 0 };
  const { stream } = await client.open('domainMigratePrepareTunnel3Params', asked);
  // It has ended when the other side has confirmed that all is unpacked.
  await pipeline(bytes, stream);
}

function answerOf(uri: string, cookie: Uint8Array): MoveAnswer {
  const said = answerIn(cookie);
  if (said === undefined)
    throw new EngineError('unsupported', `${uri} is no ctvirtd that domains can be moved to`);
  if ('answer' in said) return said.answer;
  const { code, message } = said.error;
  throw new EngineError(codeOf(code), `${uri}: ${message}`);
}

const codeOf = (text: string): EngineCode => engineCodes.find((code) => code === text) ?? 'internal';

/** Gives up one that has taken the connection and is silent. */
async function inTime<T>(
  uri: string,
  silentMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  giveUp: () => Promise<void> = async () => undefined,
): Promise<T> {
  const over = new AbortController();
  const late = new EngineError('timeout', `${uri} has not answered within ${silentMs / 1000} s`, {
    subject: uri,
  });
  const timer = setTimeout(() => over.abort(late), silentMs);
  try {
    return await work(over.signal);
  } catch (error) {
    if (over.signal.aborted) await giveUp();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function connected(uri: string, signal: AbortSignal): Promise<Connection> {
  try {
    return await connect(complete(uri), { signal });
  } catch (cause) {
    if (!(cause instanceof RpcError)) throw cause;
    const why = `${uri} cannot be reached from this host: ${cause.message}`;
    throw new EngineError('host-command', why, { call: 'connect', subject: uri }, { cause });
  }
}

async function translated<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof RpcError)) throw cause;
    const code = codeInFault(cause) ?? 'host-command';
    throw new EngineError(code, `${uri}: ${cause.message}`, {}, { cause });
  }
}
