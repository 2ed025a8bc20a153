// Names of the host's ends of links that were made up for one run, and stand in a document that was copied from it.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Interface } from '@ctvirt/xml';
import { withInterfaces } from './edit.js';

/** libvirt's own, which it ignores where a document is defined, and ours. */
const made = /^(?:(?:vnet|macvtap|macvlan)\d+|cv[0-9a-z]+\.\d+)$/;

/** Whether nobody asked for this name. */
export const isMadeName = (dev: string | undefined): boolean => dev !== undefined && made.test(dev);

/** The link as it is asked for: the next run makes up a name of its own, which no other domain has. */
export function withoutMadeName(link: Interface): Interface {
  const { target, ...rest } = link;
  if (!isMadeName(target?.dev)) return link;
  const { dev: _, ...others } = target ?? {};
  return Object.keys(others).length === 0 ? rest : { ...rest, target: others };
}

/** A document as it is asked for. */
export function withoutMadeNames(domain: Domain): Domain {
  const { interfaces } = domain.devices;
  if (interfaces?.some(({ target }) => isMadeName(target?.dev)) !== true) return domain;
  return withInterfaces(domain, interfaces.map(withoutMadeName));
}
