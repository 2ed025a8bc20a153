// `npm run test:clients`: the stories of libvirt's clients, and with --write the table of virsh's commands they run.
// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { root, setUp } from './setup.mjs';
import { command, step } from './steps.mjs';

await setUp([
  ...['python3', 'libvirt-daemon', 'libvirt-clients', 'python3-libvirt', 'openssl'],
  ...['virtinst', 'prometheus-libvirt-exporter', 'libvirt-daemon-driver-lxc'],
]);
const isWriting = process.argv.includes('--write');
const env = { ...process.env, ...(isWriting && { CTVIRT_CLIENTS_WRITE: '1' }) };
const files = [
  'e2e/dist/clients.e2e.js',
  'e2e/dist/clients-others.js',
  'packages/rpc/dist/virsh.test.js',
  'packages/rpc/dist/connection.test.js',
];
await step("libvirt's clients", (note) =>
  command([process.execPath, '--test', '--test-concurrency=1', ...files], note, { cwd: root, env }),
);
if (isWriting) {
  const { formatVirshTable } = await import('../e2e/dist/clients-virsh.js');
  writeFileSync(`${root}docs/reference/virsh.md`, formatVirshTable());
}
