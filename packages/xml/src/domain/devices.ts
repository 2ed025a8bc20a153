// <devices>: everything that is plugged into a domain.
// SPDX-License-Identifier: Apache-2.0
import { element, leaf, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import type { ModelPath, Report } from '../schema/report.js';
import { nonEmptyText } from '../schema/scalar.js';
import { consoleDevice } from './console.js';
import { type Controller, controller } from './controller.js';
import { type Disk, disk } from './disk.js';
import { controlledBuses, orderControllers, orderDisks, placeOfDisk } from './disk-place.js';
import { type Filesystem, filesystem } from './filesystem.js';
import { hostdev } from './hostdev.js';
import { type Interface, netInterface } from './interface.js';

/** `/srv//www/` and `/srv/www` are one place. */
function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function checkTargets(report: Report, filesystems: readonly Filesystem[]): void {
  const seen = new Map<string, number>();
  filesystems.forEach(({ target }, index) => {
    if (target === undefined) return;
    const place = normalPath(target.dir);
    const earlier = seen.get(place);
    if (earlier === undefined) {
      seen.set(place, index);
      return;
    }
    const code = place === '/' ? 'duplicate-root' : 'duplicate-target';
    const what = place === '/' ? 'a second root file system' : `a second file system for ${place}`;
    report.error(
      code,
      ['filesystems', index, 'target', 'dir'],
      `${what}; the first is filesystem ${earlier + 1}`,
      {
        found: target.dir,
      },
    );
  });
}

function checkNames(report: Report, interfaces: readonly Interface[]): void {
  for (const [key, what] of [
    ['target', 'host'],
    ['guest', 'container'],
  ] as const) {
    const seen = new Set<string>();
    interfaces.forEach((model, index) => {
      const name = model[key]?.dev;
      if (name === undefined || name.includes('%')) return;
      if (seen.has(name))
        report.error(
          'duplicate-target',
          ['interfaces', index, key, 'dev'],
          `a second interface named ${name} in the ${what}`,
          {
            found: name,
          },
        );
      seen.add(name);
    });
  }
}

/** One error for each key that stood before. */
function checkUnique(
  report: Report,
  keys: readonly (string | undefined)[],
  path: (index: number) => ModelPath,
  message: string,
): void {
  const seen = new Set<string>();
  keys.forEach((key, index) => {
    if (key === undefined) return;
    if (seen.has(key)) report.error('duplicate-target', path(index), message, { found: key });
    seen.add(key);
  });
}

/** Number of the last controller of a kind that disks stand on; -1 when none does. */
function lastController(disks: readonly Disk[], type: (typeof controlledBuses)[number]): number {
  const numbers = disks.flatMap(({ target, address }) => {
    const { bus, place } = placeOfDisk(target);
    if (bus !== type) return [];
    return [Number(address?.type === 'drive' ? (address.controller ?? '0') : (place?.controller ?? '-1'))];
  });
  return Math.max(-1, ...numbers);
}

/** A domain without the element has no devices; two at one place, or with one name, are found here. */
export const devices = element(
  'devices',
  {
    doc: 'Everything that is plugged into the domain.',
    example:
      "<devices>\n  <filesystem type='mount'>\n    <source dir='/srv/web'/>\n    <target dir='/'/>\n  </filesystem>\n</devices>",
    fields: {
      emulator: leaf('emulator', nonEmptyText, {
        blankIsUnset: true,
        doc: 'Program that runs the domain; containers need none.',
      }),
      disks: many(disk),
      controllers: many(controller),
      filesystems: many(filesystem),
      interfaces: many(netInterface),
      consoles: many(consoleDevice),
      hostdevs: many(hostdev),
    },
  },
  {
    libvirt(model) {
      const consoles = model.consoles?.map((one, port) => ({ ...one, target: { ...one.target, port } }));
      const disks = model.disks && orderDisks(model.disks);
      const controllers: Controller[] = [...orderControllers(model.controllers ?? [])];
      for (const type of controlledBuses)
        for (let index = 0; index <= lastController(disks ?? [], type); index++)
          if (!controllers.some((one) => one.type === type && one.index === index))
            controllers.push({ type, index });
      return { ...model, disks, controllers: controllers.length > 0 ? controllers : undefined, consoles };
    },
    check(model, report) {
      checkTargets(report, model.filesystems ?? []);
      checkNames(report, model.interfaces ?? []);
      checkUnique(
        report,
        (model.disks ?? []).map(({ target }) => target.dev),
        (index) => ['disks', index, 'target', 'dev'],
        'a second disk with this name',
      );
      checkUnique(
        report,
        (model.controllers ?? []).map(({ type, index, model: made }) =>
          // The companions of a USB controller share its number.
          index === undefined || (type === 'usb' && made?.startsWith('ich9-'))
            ? undefined
            : `${type} ${index}`,
        ),
        (index) => ['controllers', index, 'index'],
        'a second controller with this number',
      );
      checkUnique(
        report,
        // Several USB devices may be alike.
        (model.hostdevs ?? []).map(({ type, source }) =>
          type === 'usb' ? undefined : `${type} ${JSON.stringify(source)}`,
        ),
        (index) => ['hostdevs', index, 'source'],
        'the device is handed over a second time',
      );
    },
  },
);

/** True for the file system that is the container's root. */
export function isRoot(model: Filesystem): boolean {
  return model.target !== undefined && normalPath(model.target.dir) === '/';
}

/** Devices by kind, each list in the order of the document; a kind that there is none of is absent. */
export type Devices = Infer<typeof devices>;
