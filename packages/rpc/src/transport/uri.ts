// Connection URIs: what the client needs to reach a daemon, and what the daemon is told.
// SPDX-License-Identifier: Apache-2.0
import { RpcError } from '../errors.js';

/** What may follow the `+` in a URI. */
export const transports = ['unix', 'tcp', 'tls', 'ssh', 'ext'] as const;
/** How a connection's bytes travel, by the word for it in a URI. */
export type TransportName = (typeof transports)[number];

/** A parsed URI such as `qemu+ssh://root@host/system?socket=/run/x`. */
export interface ConnectionUri {
  readonly driver: string;
  readonly transport: TransportName;
  readonly user: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string;
  /** What only the client reads, such as `socket`, `command`, `mode`. */
  readonly options: ReadonlyMap<string, string>;
  /** The URI without transport, host and client options, as `connectOpen` takes it. */
  readonly name: string;
}

const clientOptions = new Set(
  (
    'name command socket auth sshauth netcat keyfile pkipath known_hosts known_hosts_verify tls_priority ' +
    'mode proxy no_sanity no_verify no_tty authfile'
  ).split(' '),
);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RpcError('invalid', `'${text}' in the connection URI is not percent-encoded text`, { cause });
  }
}

const uriForm =
  /^([a-z][a-z0-9.-]*)(?:\+([a-z0-9]+))?:(?:\/\/(?:([^@/?#]*)@)?(\[[0-9a-f:.]+\]|[^:/?#]*)(?::([0-9]+))?)?([^?#]*)(?:\?([^#]*))?$/i;

/** Parses a URI as libvirt's client does; without a transport it is unix without a host and TLS with one. */
export function parseUri(text: string): ConnectionUri {
  const match = uriForm.exec(text);
  if (match === null) throw new RpcError('invalid', `'${text}' is no connection URI like 'qemu:///system'`);
  const [, driver = '', transportText, user, hostText, portText, path = '', query = ''] = match;
  const host = hostText?.replace(/^\[|\]$/g, '') || undefined;
  const name = transportText?.toLowerCase() ?? (host === undefined ? 'unix' : 'tls');
  const transport = transports.find((known) => known === name);
  if (transport === undefined)
    throw new RpcError(
      'unsupported',
      `transport '${name}' of '${text}': use one of ${transports.join(', ')}`,
    );
  if (transport === 'unix' && host !== undefined)
    throw new RpcError('invalid', `'${text}' names a host, which a unix socket does not have`);
  const options = new Map<string, string>();
  const passed: string[] = [];
  for (const pair of query.split(/[&;]/).filter((part) => part !== '')) {
    const at = pair.indexOf('=');
    const key = decode(at < 0 ? pair : pair.slice(0, at));
    if (clientOptions.has(key)) options.set(key, at < 0 ? '' : decode(pair.slice(at + 1)));
    else passed.push(pair);
  }
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535))
    throw new RpcError('invalid', `'${text}' has no port from 1 to 65535`);
  const rest = passed.length === 0 ? '' : `?${passed.join('&')}`;
  // "remote" asks the daemon to choose a driver by itself, which an empty name says.
  const plain = driver.toLowerCase() === 'remote' ? '' : `${driver}://${path}${rest}`;
  return {
    driver: driver.toLowerCase(),
    transport,
    user: user === undefined ? undefined : decode(user),
    host,
    port,
    path,
    options,
    name: options.get('name') ?? plain,
  };
}
