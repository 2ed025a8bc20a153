// The zonecfg format: what `zonecfg export` of Solaris and illumos prints, one file for each zone.
// SPDX-License-Identifier: Apache-2.0
import { isHidden } from '../files.js';
import type { Format } from '../format.js';
import { detectZonecfg, readZonecfg } from './read.js';
import { writeZonecfg } from './to-commands.js';

/** Reads and writes what `zonecfg export` prints; it runs nowhere on Linux, so a zone is only imported and exported. */
export const zonecfgFormat: Format = {
  name: 'zonecfg',
  doc: 'zonecfg export of Solaris and illumos, one file NAME.cfg for each zone',
  files: {
    enters: () => false,
    wants: (name) => !isHidden(name),
    keepsLinks: false,
    shared: [],
    hasTemplates: false,
    text: 'imported.cfg',
    home: undefined,
  },
  detect: detectZonecfg,
  references: () => [],
  read: readZonecfg,
  write(domain, options) {
    const path = `${domain.name.replace(/[/\0]|^\.+/g, '_')}.cfg`;
    const { text, report } = writeZonecfg(domain, { ...options, file: path });
    return { files: new Map([[path, { text }]]), report };
  },
};
