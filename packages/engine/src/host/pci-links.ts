// Links of the host by the place of their card on a PCI bus, as sysfs shows those of this network.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { unlessGone } from './gone.js';

const SYSFS = '/sys';
const address = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** A link that is a card. */
export interface CardLink {
  readonly name: string;
  readonly mac: string;
}

/** Links of the device at an address such as 0000:03:00.0; undefined where there is no such device. */
export function linksAt(place: string, sysfs: string = SYSFS): CardLink[] | undefined {
  const device = join(sysfs, 'bus/pci/devices', place);
  const parts = unlessGone(() => readdirSync(device));
  // Those of virtio are one step below the device.
  const folders = ['.', ...(parts ?? []).filter((name) => /^virtio\d+$/.test(name))];
  return parts === undefined ? undefined : folders.flatMap((folder) => linksIn(join(device, folder, 'net')));
}

const linksIn = (folder: string): CardLink[] =>
  (unlessGone(() => readdirSync(folder)) ?? []).map((name) => ({
    name,
    mac: (unlessGone(() => readFileSync(join(folder, name, 'address'), 'utf8')) ?? '').trim(),
  }));

/** Where the card of a link is, if it is one on a PCI bus. */
export function placeOfLink(name: string, sysfs: string = SYSFS): string | undefined {
  const device = unlessGone(() => realpathSync(join(sysfs, 'class/net', name, 'device')));
  return device === undefined
    ? undefined
    : [device, dirname(device)].map((path) => basename(path)).find((part) => address.test(part));
}
