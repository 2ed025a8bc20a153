// <devices>: everything that is plugged into a domain.
// SPDX-License-Identifier: Apache-2.0
import { element, leaf, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import type { Report } from '../schema/report.js';
import { nonEmptyText } from '../schema/scalar.js';
import { consoleDevice } from './console.js';
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

export const devices = element(
  'devices',
  {
    doc: 'Everything that is plugged into the domain.',
    fields: {
      emulator: leaf('emulator', nonEmptyText, {
        doc: 'Program that runs the domain; containers need none.',
      }),
      filesystems: many(filesystem),
      interfaces: many(netInterface),
      consoles: many(consoleDevice),
      hostdevs: many(hostdev),
    },
  },
  {
    libvirt(model) {
      const consoles = model.consoles?.map((one, port) => ({ ...one, target: { ...one.target, port } }));
      return { ...model, consoles };
    },
    check(model, report) {
      checkTargets(report, model.filesystems ?? []);
      checkNames(report, model.interfaces ?? []);
    },
  },
);

/** True for the file system that is the container's root. */
export function isRoot(model: Filesystem): boolean {
  return model.target !== undefined && normalPath(model.target.dir) === '/';
}

export type Devices = Infer<typeof devices>;
