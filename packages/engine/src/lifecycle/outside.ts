// What a domain has of its host, which no copy of its files has.
// SPDX-License-Identifier: Apache-2.0
import type { OutsideSource } from '@ctvirt/api';
import type { Disk, Domain, Hostdev } from '@ctvirt/xml';
import { filesystemsOf } from './document.js';

/** Its folders, files and devices of the host, in the document's order. */
export function outsideOf(domain: Domain): OutsideSource[] {
  const { disks = [], hostdevs = [] } = domain.devices;
  return [
    ...filesystemsOf(domain)
      .filter(({ kind }) => kind !== 'template')
      .map(({ kind, source, target }) => ({ kind, source, target })),
    ...disks.map((disk) => ({ kind: 'disk', source: sourceOfDisk(disk), target: null })),
    ...hostdevs.map((device) => ({ kind: device.type, source: sourceOfDevice(device), target: null })),
  ];
}

/** For people. */
export const outsideInWords = ({ kind, source, target }: OutsideSource): string =>
  `${kind} ${source}${target === null ? '' : ` at ${target}`}`;

function sourceOfDisk(disk: Disk): string {
  switch (disk.type) {
    case 'block':
      return disk.source?.dev ?? '-';
    case 'dir':
      return disk.source?.dir ?? '-';
    case 'volume':
      return disk.source === undefined ? '-' : `${disk.source.pool}/${disk.source.volume}`;
    default:
      return disk.source?.file ?? '-';
  }
}

function sourceOfDevice(device: Hostdev): string {
  switch (device.type) {
    case 'storage':
      return device.source.block;
    case 'misc':
      return device.source.char;
    case 'net':
      return device.source.interface;
    case 'usb': {
      const { vendor, product, address } = device.source;
      return vendor === undefined
        ? `${address?.bus ?? '?'}:${address?.device ?? '?'}`
        : `${vendor.id}:${product?.id ?? '?'}`;
    }
  }
}
