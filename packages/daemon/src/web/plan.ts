// Where browsers come in, by the settings: this host alone, or another address with a certificate.
// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import { EngineError } from '@ctvirt/engine';
import type { Logger } from 'pino';
import { isLoopback } from '../loopback.js';
import { readKey, readPem } from '../pem.js';
import { placeIn, type Settings } from '../settings.js';
import type { Place } from './guard.js';

/** Where to listen, and how. */
export interface WebPlan extends Place {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** What links begin with. */
  readonly url: string;
  /** Whether nobody from another host gets there. */
  readonly isLocal: boolean;
  /** Whether it listens whether or not somebody was let in. */
  readonly isAlways: boolean;
}

const defaultPort = 16_580;

const inUrl = (name: string): string => (isIPv6(name) ? `[${name}]` : name);

/** Throws `invalid` for settings that would let strangers listen to what is said. */
export function webPlan(
  { web_listen: listen, web_cert_file: certFile, web_key_file: keyFile }: Settings,
  log: Pick<Logger, 'warn'>,
): WebPlan {
  if ((certFile === '') !== (keyFile === ''))
    throw new EngineError('invalid', 'web_cert_file and web_key_file go together: name both or none');
  const place = placeIn(listen);
  if (place === undefined) return local(['127.0.0.1', '::1'], defaultPort, { isAlways: false });
  const { address, port } = place;
  if (certFile !== '') {
    const tls = { cert: readPem(certFile), key: readKey(keyFile, log) };
    return withCertificate(address, port, tls);
  }
  if (!isLoopback(address))
    throw new EngineError(
      'invalid',
      `web_listen = "${listen}" would say to whoever listens on the network what browsers and the daemon say to each other: name web_cert_file and web_key_file, or listen at 127.0.0.1 and come by ssh -L`,
    );
  return local([address], port, { isAlways: true });
}

/** By ssh -L a browser may reach it at any port, so none is asked for; whoever points a name here has another name. */
function local(addresses: readonly string[], port: number, { isAlways }: { isAlways: boolean }): WebPlan {
  const names = new Set([...addresses, '127.0.0.1', '::1', 'localhost']);
  const url = `http://${inUrl(addresses[0] ?? '')}:${port}`;
  return {
    ...{ addresses, port, isAlways, url },
    tls: undefined,
    isTls: false,
    isLocal: true,
    isOwnName: (name) => names.has(name),
  };
}

function withCertificate(
  address: string,
  port: number,
  tls: { readonly cert: string; readonly key: string },
): WebPlan {
  const certificate = certificateIn(tls.cert);
  const [, name = address] = /\bDNS:([^,*\s]+)/.exec(certificate.subjectAltName ?? '') ?? [];
  return {
    ...{ addresses: [address], port, tls, url: `https://${inUrl(name)}:${port}` },
    isTls: true,
    isLocal: isLoopback(address),
    isAlways: true,
    isOwnName: (asked) =>
      (isIP(asked) === 0 ? certificate.checkHost(asked) : certificate.checkIP(asked)) !== undefined,
  };
}

function certificateIn(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new EngineError('invalid', `web_cert_file has no certificate: ${String(cause)}`, {}, { cause });
  }
}
