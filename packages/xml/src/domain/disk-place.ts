// Where libvirt puts a disk by its name: bus, controller and unit, and the order of disks.
// SPDX-License-Identifier: Apache-2.0

interface Target {
  readonly dev: string;
  readonly bus?: Bus | undefined;
}

/** What `bus` of a disk's target may say. */
export type Bus = 'ide' | 'fdc' | 'scsi' | 'virtio' | 'xen' | 'usb' | 'uml' | 'sata' | 'sd';

const busOfPrefix: Readonly<Record<string, Bus>> = {
  fd: 'fdc',
  hd: 'ide',
  sd: 'scsi',
  vd: 'virtio',
  xvd: 'xen',
  ubd: 'uml',
};

/** Units of a bus and busses of a controller, for buses whose disks stand on a controller. */
const layout: Readonly<Partial<Record<Bus, { readonly units: number; readonly busses: number }>>> = {
  scsi: { units: 7, busses: 1 },
  fdc: { units: 2, busses: 1 },
  ide: { units: 2, busses: 2 },
  sata: { units: 6, busses: 1 },
};

/** Bus types that get controllers of their own, in the order in which libvirt adds them. */
export const controlledBuses = ['scsi', 'fdc', 'ide', 'sata'] as const;

/** vda is 0, vdb 1, vdaa 26; what follows the letters is a partition. */
function indexOf(dev: string): number {
  const letters = /^(?:ioemu:)?(?:xvd|ubd|[fhsv]d)([a-z]*)/.exec(dev)?.[1] ?? '';
  let index = 0;
  for (const letter of letters) index = index * 26 + letter.charCodeAt(0) - 96;
  return index - 1;
}

/** The bus a disk is on, and its place there where the bus has controllers. */
export function placeOfDisk(target: Target): {
  readonly bus: Bus | undefined;
  readonly place: { controller: string; bus: string; unit: string } | undefined;
} {
  const prefix = /^(?:ioemu:)?(xvd|ubd|[fhsv]d)/.exec(target.dev)?.[1] ?? '';
  const bus = target.bus ?? busOfPrefix[prefix];
  const rule = bus === undefined ? undefined : layout[bus];
  if (rule === undefined) return { bus, place: undefined };
  const index = indexOf(target.dev);
  const row = Math.floor(index / rule.units);
  const place = {
    controller: String(Math.floor(row / rule.busses)),
    bus: String(row % rule.busses),
    unit: String(index % rule.units),
  };
  return { bus, place };
}

/** libvirt's order: those of one group by their index, where the group first stood; one without index comes last. */
function grouped<T>(
  items: readonly T[],
  groupOf: (item: T) => unknown,
  indexOf: (item: T) => number | undefined,
): readonly T[] {
  const sorted: T[] = [];
  for (const item of items) {
    const own = indexOf(item);
    let at: number | undefined;
    for (let i = sorted.length - 1; i >= 0; i--) {
      const other = sorted[i];
      if (other === undefined || groupOf(other) !== groupOf(item)) continue;
      if (own === undefined) {
        at = i + 1;
        break;
      }
      if ((indexOf(other) ?? -1) > own) at = i;
      else at ??= i + 1;
    }
    sorted.splice(at ?? sorted.length, 0, item);
  }
  return sorted;
}

/** Disks in libvirt's order; those whose bus follows from the name are one group. */
export function orderDisks<T extends { readonly target: Target }>(disks: readonly T[]): readonly T[] {
  return grouped(
    disks,
    ({ target }) => target.bus,
    ({ target }) => indexOf(target.dev),
  );
}

/** Controllers in libvirt's order; each that has no number then gets the first free one of its kind. */
export function orderControllers<T extends { readonly type: string; readonly index?: number | undefined }>(
  controllers: readonly T[],
): readonly (T & { readonly index: number })[] {
  const taken = new Set(controllers.map(({ type, index }) => `${type} ${index}`));
  const sorted = grouped(
    controllers,
    ({ type }) => type,
    ({ index }) => index,
  );
  return sorted.map((one) => {
    let index = one.index ?? 0;
    while (one.index === undefined && taken.has(`${one.type} ${index}`)) index++;
    taken.add(`${one.type} ${index}`);
    return { ...one, index };
  });
}
