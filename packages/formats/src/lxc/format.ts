// The LXC format: /var/lib/lxc/NAME/config, names of 2.0 and before as well as of 3.0 and later.
// SPDX-License-Identifier: Apache-2.0
import type { Format } from '../format.js';
import { detectLxc, readLxc, referencesOfLxc } from './read.js';
import { writeLxc } from './to-config.js';

export const lxcFormat: Format = {
  name: 'lxc',
  doc: 'LXC configuration, NAME/config with what it includes',
  detect: detectLxc,
  references: referencesOfLxc,
  read: readLxc,
  write(domain, options) {
    const path = `${domain.name}/config`;
    const { text, report } = writeLxc(domain, { ...options, file: path });
    return { files: new Map([[path, { text }]]), report };
  },
};
