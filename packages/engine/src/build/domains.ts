// What goes on with domains, above whatever runs them, and what the host holds of them.
// SPDX-License-Identifier: Apache-2.0
import { Adopter } from '../adoption/adopt.js';
import { Assets } from '../assets.js';
import { takeBack } from '../domains/change.js';
import { Lifecycle } from '../domains/lifecycle.js';
import { Turns } from '../domains/turns.js';
import type { Driver } from '../drivers/driver.js';
import { claimOf } from '../lifecycle/claim.js';
import type { FloorParts } from './drivers.js';
import type { HostParts } from './host.js';
import type { RuleParts } from './rules.js';
import type { StateParts } from './state.js';

/** Objects above the driver. */
export interface DomainParts {
  readonly turns: Turns;
  readonly lifecycle: Lifecycle;
  readonly adopter: Adopter;
  readonly assets: Assets;
}

/** All that the engine is made of. */
export type Parts = HostParts & StateParts & RuleParts & FloorParts & DomainParts;

/** Builds them over a driver. */
export function makeDomains(
  parts: Pick<HostParts, 'layout' | 'log' | 'facts'> & StateParts & RuleParts & { readonly driver: Driver },
): DomainParts {
  const { registry, queue, definer, events, facts, templates } = parts;
  const lifecycle = new Lifecycle({
    ...parts,
    claim: (domain) => claimOf(domain, facts),
    emit: (event, detail, entry) => events.lifecycle(event, detail, entry),
    takeBack: (entry) => takeBack(entry, parts),
    forget: (entry) => definer.forget(entry, { erase: entry.record.eraseAtEnd }),
  });
  return {
    turns: new Turns(registry, queue),
    lifecycle,
    adopter: new Adopter(parts),
    assets: new Assets({ ...parts, isChangingTemplates: () => templates.isWorking() }),
  };
}
