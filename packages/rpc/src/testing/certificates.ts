// Certificates for a test's lifetime: an authority, a server, a client it has signed, and a stranger.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './libvirtd.js';

/** Why certificates cannot be made here; false when they can. */
export const noOpenssl: string | false =
  findProgram('openssl') === undefined ? 'no openssl here: apt-get install openssl' : false;

/** A certificate with its key, as PEM text. */
export interface Certificate {
  cert: string;
  key: string;
}

/** A folder with libvirt's file names for a client, and the same as text. */
export interface Certificates extends Disposable {
  readonly folder: string;
  readonly ca: string;
  readonly server: Certificate;
  readonly client: Certificate;
  readonly stranger: Certificate;
}

/** Makes all of them with openssl; the server is called localhost and 127.0.0.1. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-pki-'));
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const authority = (name: string) =>
    run(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-keyout', `${name}key.pem`, '-out', `${name}cert.pem`],
    );
  const signed = (name: string, by: string) => {
    run(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`],
      ...['-keyout', `${name}key.pem`, '-out', `${name}.csr`],
    );
    writeFileSync(join(folder, 'ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    run(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${by}cert.pem`, '-CAkey', `${by}key.pem`],
      ...['-CAcreateserial', '-days', '2', '-extfile', 'ext', '-out', `${name}cert.pem`],
    );
  };
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  const pair = (name: string) => ({ cert: text(`${name}cert.pem`), key: text(`${name}key.pem`) });
  authority('ca');
  authority('otherca');
  signed('server', 'ca');
  signed('client', 'ca');
  signed('stranger', 'otherca');
  writeFileSync(join(folder, 'cacert.pem'), text('cacert.pem'));
  return {
    folder,
    ca: text('cacert.pem'),
    server: pair('server'),
    client: pair('client'),
    stranger: pair('stranger'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
