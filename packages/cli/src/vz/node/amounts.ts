// What containers hold and may hold of the node, in bytes, as OpenVZ's formulas for the whole node have it.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterReport } from '@ctvirt/api';
import type { VzHost } from '../host.js';

/** Kernel memory and socket buffers, which OpenVZ adds to what programs hold. */
const kernelResources = ['kmemsize', 'tcprcvbuf', 'tcpsndbuf', 'dgramrcvbuf', 'othersockbuf'];

/** By the names of OpenVZ's columns; infinite where a limit is. */
export interface Amounts {
  readonly lowHeld: number;
  readonly lowLimit: number;
  readonly ramHeld: number;
  readonly swapHeld: number;
  readonly swapPromised: number;
  readonly allocationHeld: number;
  readonly allocationPromised: number;
  readonly allocationLimit: number;
  readonly processesHeld: number;
  readonly processesLimit: number;
}

/** What the node has. */
export interface Node {
  readonly lowBytes: number;
  readonly ramBytes: number;
  readonly ramAndSwapBytes: number;
  readonly processes: number;
}

/** As the daemon counts it. */
export async function nodeOf(host: VzHost): Promise<Node> {
  const [{ memoryBytes }, { rows }] = await Promise.all([host.facts, host.client.guarantees.show()]);
  const capacity = (resource: string): number => rows.find((row) => row.resource === resource)?.capacity ?? 0;
  return {
    // Of 64 bits all memory is low; OpenVZ takes 40 % of it.
    lowBytes: 0.4 * memoryBytes,
    ramBytes: memoryBytes,
    ramAndSwapBytes: Math.max(memoryBytes, capacity('allocation')),
    processes: capacity('processes'),
  };
}

/** Of one container, running or not; of one that is off nothing is held. */
export function amountsOf({ rows }: BeancounterReport, pageSize: number): Amounts {
  const of = (resource: string, what: 'held' | 'barrier' | 'limit'): number => {
    const row = rows.find((one) => one.resource === resource);
    if (row === undefined) return 0;
    const value = row[what] ?? (what === 'held' ? 0 : Number.POSITIVE_INFINITY);
    return row.unit === 'pages' ? value * pageSize : value;
  };
  const kernel = (what: 'held' | 'limit'): number =>
    kernelResources.reduce((sum, resource) => sum + of(resource, what), 0);
  const [held, limit] = [kernel('held'), kernel('limit')];
  return {
    lowHeld: held,
    lowLimit: limit,
    ramHeld: of('physpages', 'held') + held,
    swapHeld: of('oomguarpages', 'held') + held,
    swapPromised: of('oomguarpages', 'barrier') + limit,
    allocationHeld: of('privvmpages', 'held') + held,
    allocationPromised: of('vmguarpages', 'barrier') + limit,
    allocationLimit: of('privvmpages', 'limit') + limit,
    processesHeld: of('numproc', 'held'),
    processesLimit: of('numproc', 'barrier'),
  };
}

/** `12.34`; a limit that is none has no end. */
export const describeShare = (part: number, whole: number): string =>
  describeNumber(whole === 0 ? Number.POSITIVE_INFINITY : (part / whole) * 100);

/** The same without a whole. */
export const describeNumber = (value: number): string =>
  Number.isFinite(value) ? value.toFixed(2) : 'unlim';
