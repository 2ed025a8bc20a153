// Certificates of authorities made for a story.
// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { output } from './command.js';

/** Makes, in a new folder, NAME.pem and NAMEkey.pem of each name, which its authority vouches for at these addresses. */
export async function makePki(
  folder: string,
  authorities: Readonly<Record<string, string>>,
  addresses: string,
): Promise<void> {
  await mkdir(folder);
  const openssl = (...words: readonly string[]) => output(['openssl', ...words]);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await writeFile(`${folder}/extensions`, `subjectAltName=${addresses}\n`);
  for (const authority of new Set(Object.values(authorities)))
    await openssl(
      ...['req', '-x509', ...key, '-days', '2', '-subj', `/CN=${authority}`],
      ...['-keyout', `${folder}/${authority}key.pem`, '-out', `${folder}/${authority}.pem`],
    );
  for (const [name, authority] of Object.entries(authorities)) {
    await openssl(
      ...['req', ...key, '-subj', `/CN=${name}`],
      ...['-keyout', `${folder}/${name}key.pem`, '-out', `${folder}/${name}.csr`],
    );
    await openssl(
      ...['x509', '-req', '-in', `${folder}/${name}.csr`, '-CA', `${folder}/${authority}.pem`],
      ...['-CAkey', `${folder}/${authority}key.pem`, '-CAcreateserial', '-days', '2'],
      ...['-extfile', `${folder}/extensions`, '-out', `${folder}/${name}.pem`],
    );
  }
}

/** Lines of ctvirtd.conf for who listens with one of these. */
export const listening = (folder: string, address: string, port: number): string =>
  `listen_tls = 1\nlisten_addr = "${address}"\ntls_port = ${port}\nca_file = "${folder}/ca.pem"\ncert_file = "${folder}/server.pem"\nkey_file = "${folder}/serverkey.pem"\n`;

/** What `pkipath` of a URI names. */
export async function clientFolder(pki: string, name: string): Promise<string> {
  const folder = `${pki}/as-${name}`;
  await mkdir(folder);
  for (const [from, to] of [
    ['ca.pem', 'cacert.pem'],
    [`${name}.pem`, 'clientcert.pem'],
    [`${name}key.pem`, 'clientkey.pem'],
  ] as const)
    await output(['cp', `${pki}/${from}`, `${folder}/${to}`]);
  return folder;
}
