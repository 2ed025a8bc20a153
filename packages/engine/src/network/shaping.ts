// Keeps the traffic of a link within its rates, at the host's end, where the container cannot undo it.
// SPDX-License-Identifier: Apache-2.0
import { isShaped, shape } from '../host/shaping.js';
import type { LinkPlan } from './link-plan.js';

export { isShaped };

/** Gives the link the rates of its plan and takes away those it had; throws `unsupported` where the kernel has no such means. */
export async function shapeLink({ hostName, rates }: LinkPlan): Promise<void> {
  if (hostName !== undefined) await shape(hostName, rates); // a macvlan link has no end on the host
}
