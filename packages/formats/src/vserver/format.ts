// The Linux-VServer format: /etc/vservers/NAME, a folder of small files for each guest.
// SPDX-License-Identifier: Apache-2.0
import { baseName, folderOf, isHidden } from '../files.js';
import type { Format } from '../format.js';
import { detectVserver, guestMarks, readVserver } from './read.js';
import { writeVserver } from './to-files.js';

/** Whether a folder holds what only a guest of Linux-VServer has. */
const isGuest = (folder: string, has: (path: string) => boolean): boolean =>
  guestMarks.some((mark) => has(`${folder}/${mark}`));

/** Reads and writes guests' folders as util-vserver has them below /etc/vservers; files that mean nothing here are kept whole. */
export const vserverFormat: Format = {
  name: 'vserver',
  doc: 'Linux-VServer configuration, a folder NAME of small files',
  files: {
    // Guests alone, or inside the one that was named: anything else may be a whole disk.
    enters: (path, depth, has) =>
      !isHidden(path) && (depth > 1 ? depth <= 8 : isGuest(path, has) || isGuest(folderOf(path), has)),
    wants: () => true,
    keepsLinks: true,
    shared: ['.defaults/vdirbase'],
    hasTemplates: false,
    text: undefined,
    home: { at: (name) => `/etc/vservers/${name}`, isFolder: true, nameAt: baseName },
  },
  detect: detectVserver,
  references: () => [],
  read: readVserver,
  write: writeVserver,
};
