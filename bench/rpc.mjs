// `npm run bench:rpc [-- ROW … --json]`: libvirt's protocol here and from a real libvirtd, both sides in one run.
// SPDX-License-Identifier: Apache-2.0
import { runBench } from './run.mjs';

await runBench('bench:rpc', async () => (await import('./rpc/rows.mjs')).rpcRows, {
  packages: [
    ...['python3', 'python3-libvirt'],
    ...['libvirt-daemon', 'libvirt-daemon-driver-lxc', 'libvirt-clients'],
  ],
});
