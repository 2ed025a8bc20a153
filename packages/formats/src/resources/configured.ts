// Barrier and limit of every beancounter, whichever element of the document says them.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { beancounters } from '../openvz/parameters.js';
import { parseUbc, type Ubc, unlimited } from '../openvz/values.js';
import { explainResources, type ResourceOptions } from './resources-of.js';

/** One beancounter as configured, in its own unit. */
export interface ConfiguredBeancounter extends Ubc {
  /** OpenVZ's name. */
  readonly key: string;
  readonly unit: 'pages' | 'bytes' | 'count';
}

/** All of them, in the kernel's order; those nobody has said anything of are unlimited. */
export function configuredBeancounters(domain: Domain, options: ResourceOptions): ConfiguredBeancounter[] {
  const values = new Map(explainResources(domain, options).map(({ key, value }) => [key, value]));
  return beancounters.map(({ key, unit }) => {
    const counted = unit === 'pages' || unit === 'bytes' ? unit : 'count';
    const value = parseUbc(values.get(key) ?? '', counted, options.pageSize);
    return { key, unit: counted, ...(value ?? { barrier: unlimited, limit: unlimited }) };
  });
}
