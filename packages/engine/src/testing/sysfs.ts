// Devices of a PCI bus as the kernel shows them, in a folder.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for each device, and links to it; the hardware address of a link ends with the end of its name. */
export function openSysfs() {
  const sysfs = mkdtempSync(join(tmpdir(), 'cvs'));
  for (const folder of ['bus/pci/devices', 'class/net']) mkdirSync(join(sysfs, folder), { recursive: true });
  const device = (place: string, links: readonly (readonly [folder: string, name: string])[]): void => {
    const own = join(sysfs, 'devices/pci0000:00', place);
    mkdirSync(own, { recursive: true });
    symlinkSync(own, join(sysfs, 'bus/pci/devices', place));
    for (const [folder, name] of links) {
      const link = join(own, folder, 'net', name);
      mkdirSync(link, { recursive: true });
      writeFileSync(join(link, 'address'), `02:00:00:00:00:${name.slice(-2)}\n`);
      symlinkSync(join(own, folder), join(link, 'device'));
      symlinkSync(link, join(sysfs, 'class/net', name));
    }
  };
  return { sysfs, device, clear: () => rmSync(sysfs, { recursive: true }) };
}
