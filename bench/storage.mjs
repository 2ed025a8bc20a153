// `npm run bench:storage [-- ROW … --count N --rounds N --json]`: snapshots, clones, archives, backups and moves, against the same by hand.
// SPDX-License-Identifier: Apache-2.0
import { runBench } from './run.mjs';

await runBench('bench:storage', async () => (await import('./storage/rows.mjs')).storageRows, {
  packages: [
    'xfsprogs',
    'btrfs-progs',
    'libvirt-clients',
    'zstd',
    'tar',
    'restic',
    'borgbackup',
    'rsync',
    'netcat-openbsd',
  ],
});
