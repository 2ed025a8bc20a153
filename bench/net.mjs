// `npm run bench:net [-- ROW … --count N --rounds N --json]`: what networks cost, in a network namespace of its own.
// SPDX-License-Identifier: Apache-2.0
import { runBench } from './run.mjs';

await runBench('bench:net', async () => (await import('./net/rows.mjs')).netRows, {
  packages: [
    ...['python3', 'python3-libvirt', 'iperf3'],
    ...['libvirt-daemon', 'libvirt-daemon-driver-lxc', 'libvirt-clients'],
  ],
  network: true,
});
