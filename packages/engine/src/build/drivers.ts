// The things that run domains, by their names: one more is a line here.
// SPDX-License-Identifier: Apache-2.0
import type { Floor } from '../drivers/floor.js';
import type { Entry } from '../registry/registry.js';
import type { HostParts } from './host.js';
import { makeLxc } from './lxc.js';
import type { RuleParts } from './rules.js';
import type { StateParts } from './state.js';

type Below = HostParts & StateParts & RuleParts;

const drivers = { liblxc: makeLxc } satisfies Record<string, (parts: Below) => Floor<Entry>>;
/** The name of one, which the host is told of with. */
export type DriverName = keyof typeof drivers;

/** What runs the domains of an engine. */
export interface FloorParts extends Pick<Floor<Entry>, 'driver' | 'accounting' | 'looks'> {
  readonly driverName: DriverName;
  readonly floor: Floor<Entry>;
}

/** Builds the one of that name. */
export function makeFloor(driverName: DriverName, parts: Below): FloorParts {
  const floor = drivers[driverName](parts);
  const { driver, accounting, looks } = floor;
  return { driverName, floor, driver, accounting, looks };
}
