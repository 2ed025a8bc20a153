// What documents say of resources, worked out once for each: a change asks again and again, of the one before and of the one after.
// SPDX-License-Identifier: Apache-2.0
import { explainResources, type ResourceOptions, resourcesOf } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import { remembered } from '../state/remembered.js';

/** The limits of a document, as `resourcesOf` has them. */
export const resourcesIn = remembered((domain: Domain, options: ResourceOptions) =>
  resourcesOf(domain, options),
);

/** What becomes of each, as `explainResources` has it. */
export const explained = remembered((domain: Domain, options: ResourceOptions) =>
  explainResources(domain, options),
);
