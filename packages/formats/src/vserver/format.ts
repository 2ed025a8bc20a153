// The Linux-VServer format: /etc/vservers/NAME, a folder of small files for each guest.
// SPDX-License-Identifier: Apache-2.0
import type { Format } from '../format.js';
import { detectVserver, readVserver } from './read.js';
import { writeVserver } from './to-files.js';

export const vserverFormat: Format = {
  name: 'vserver',
  doc: 'Linux-VServer configuration, a folder NAME of small files',
  detect: detectVserver,
  references: () => [],
  read: readVserver,
  write: writeVserver,
};
