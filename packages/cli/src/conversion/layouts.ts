// Where each format's files lie below a folder: what is read before a format is asked what it finds there.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Format, type FormatName, formats, guestMarks } from '@ctvirt/formats';
import { domxmlFormat } from './domxml.js';

/** A format, and which files of a folder are its own. */
export interface Layout {
  readonly format: Format;
  /** Whether the folder at `place` is entered; `depth` is 1 for those in the folder that was named. */
  readonly enters: (name: string, depth: number, place: string) => boolean;
  readonly wants: (name: string) => boolean;
  /** Whether symbolic links mean something by themselves; elsewhere they are left out. */
  readonly keepsLinks: boolean;
  /** Files that a container inherits from, by their paths from its own file's folder. */
  readonly shared: readonly string[];
  /** Whether it can say that a root is made from a template; elsewhere a root is where its files lie. */
  readonly hasTemplates: boolean;
}

const flat = (format: Format, pattern: RegExp): Layout => ({
  format,
  enters: () => false,
  wants: (name) => pattern.test(name),
  keepsLinks: false,
  shared: [],
  hasTemplates: false,
});

/** Whether a folder holds what only a guest of Linux-VServer has. */
const isGuest = (folder: string): boolean => guestMarks.some((mark) => isThere(join(folder, mark)));

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // below a file, or in a folder that is closed to us: reading it will say so
  }
}

const isHidden = (name: string): boolean => name.startsWith('.');

/** By name, in the order in which a path is tried. */
export const layouts = {
  domxml: { ...flat(domxmlFormat, /\.xml$/), hasTemplates: true },
  openvz: {
    ...flat(formats.openvz, /^(\d+|vz)\.conf$/),
    // Of /etc/vz the folder with the containers.
    enters: (name, depth) => depth === 1 && name === 'conf',
    shared: ['vz.conf', '../vz.conf'],
    hasTemplates: true,
  },
  lxc: {
    format: formats.lxc,
    // A container's root file system stands beside its configuration.
    enters: (name, depth) => depth === 1 && !isHidden(name) && name !== 'rootfs',
    wants: (name) => name === 'config',
    keepsLinks: false,
    shared: [],
    hasTemplates: false,
  },
  vserver: {
    format: formats.vserver,
    // Guests alone, or inside the one that was named: anything else may be a whole disk.
    enters: (name, depth, place) =>
      !isHidden(name) && (depth > 1 ? depth <= 8 : isGuest(place) || isGuest(dirname(place))),
    wants: () => true,
    keepsLinks: true,
    shared: [],
    hasTemplates: false,
  },
  zonecfg: flat(formats.zonecfg, /^[^.].*$/),
} as const satisfies Readonly<Record<FormatName | 'domxml', Layout>>;

export type LayoutName = keyof typeof layouts;
export const layoutNames = Object.keys(layouts) as readonly LayoutName[];
export const isLayoutName = (word: string): word is LayoutName => Object.hasOwn(layouts, word);
