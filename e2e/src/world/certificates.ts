// Certificates for two hosts that know each other by TLS: an authority, and for each address one that is its server's and its client's.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** In a folder each below `folder`, by libvirt's names for a client's files. */
export function makeCertificates(folder: string, addresses: readonly string[]): void {
  mkdirSync(folder);
  const openssl = (...words: readonly string[]) =>
    execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=ca', '-keyout', 'cakey.pem', '-out', 'ca.pem');
  for (const address of addresses) {
    const own = `${folder}/${address}`;
    mkdirSync(own);
    copyFileSync(`${folder}/ca.pem`, `${own}/cacert.pem`);
    writeFileSync(`${own}/extensions`, `subjectAltName=IP:${address}\n`);
    openssl(
      ...['req', ...key, '-subj', `/CN=${address}`],
      ...['-keyout', `${own}/clientkey.pem`, '-out', `${own}/request`],
    );
    openssl(
      ...['x509', '-req', '-in', `${own}/request`, '-CA', 'ca.pem', '-CAkey', 'cakey.pem', '-CAcreateserial'],
      ...['-days', '2', '-extfile', `${own}/extensions`, '-out', `${own}/clientcert.pem`],
    );
  }
}
