// The LXC format: /var/lib/lxc/NAME/config, names of 2.0 and before as well as of 3.0 and later.
// SPDX-License-Identifier: Apache-2.0
import { baseName, folderOf, isHidden } from '../files.js';
import type { Format } from '../format.js';
import { detectLxc, readLxc, referencesOfLxc } from './read.js';
import { writeLxc } from './to-config.js';

/** Reads and writes configurations of liblxc, with old names of keys as well; what it includes, and its fstab, are read. */
export const lxcFormat: Format = {
  name: 'lxc',
  doc: 'LXC configuration, NAME/config with what it includes',
  files: {
    // A container's root file system stands beside its configuration.
    enters: (path, depth) => depth === 1 && !isHidden(path) && baseName(path) !== 'rootfs',
    wants: (name) => name === 'config',
    keepsLinks: false,
    shared: [],
    hasTemplates: false,
    text: 'imported.conf',
    home: {
      at: (name) => `/var/lib/lxc/${name}/config`,
      isFolder: false,
      nameAt: (path) => (baseName(path) === 'config' ? baseName(folderOf(path)) || undefined : undefined),
    },
  },
  detect: detectLxc,
  references: referencesOfLxc,
  read: readLxc,
  write(domain, options) {
    const path = `${domain.name}/config`;
    const { text, report } = writeLxc(domain, { ...options, file: path });
    return { files: new Map([[path, { text }]]), report };
  },
};
