// The limits in a container's control groups, while it runs.
// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';
import type { Resources } from '@ctvirt/formats';
import type { IoDisks } from '../../../cgroups/io-limits.js';
import type { CgroupLayout } from '../../../cgroups/layout.js';
import type { Limit } from '../../../cgroups/limit.js';
import type { ProcessCeiling } from '../../../cgroups/processes.js';
import { isProtection, shareProtection } from '../../../cgroups/protection.js';
import type { PlacedChange } from '../../../placement/placement.js';
import { planLimits, reversed, writeLimits } from './live-limits.js';
import type { Step } from './step.js';

/** Dependencies of `limitSteps`. */
export interface LimitsContext {
  readonly cgroups: CgroupLayout;
  readonly group: string;
  readonly name: string;
  readonly ceiling: ProcessCeiling;
  /** Whether groups have the file of a limit. */
  readonly has: (limit: Limit) => boolean;
  readonly disks: IoDisks;
  /** With the processors that were chosen. */
  readonly place: Pick<PlacedChange, 'from' | 'to'>;
}

/** Returns the steps between two sets of limits; throws `unsupported` for what only a start can set. */
export function limitSteps(from: Resources, to: Resources, context: LimitsContext): Step[] {
  const { cgroups, group, name, ceiling, has, disks, place } = context;
  const limits = planLimits(cgroups, place.from, place.to, { has, disks });
  const share = (): void => {
    // It looks at all containers that run.
    if (limits.some(isProtection)) shareProtection(cgroups, dirname(group));
  };
  return [
    {
      do() {
        writeLimits(cgroups, group, limits);
        share();
      },
      undo() {
        writeLimits(cgroups, group, reversed(limits));
        share();
      },
    },
    { do: () => ceiling.know(name, to), undo: () => ceiling.know(name, from) },
  ];
}
