// What networks ask of the host, whatever makes them there.
// SPDX-License-Identifier: Apache-2.0
import type { HeldAsset } from '../../host/held-asset.js';
import type { HeldLease, Member, NetworkPlan } from './plan.js';

/** Makes networks and keeps them as they are to be. What it made outlives the daemon. */
export interface NetworkHost {
  /** Throws what a start would be refused for, with nothing made. */
  check(plan: NetworkPlan): Promise<void>;
  /** Made whole or not at all. */
  start(plan: NetworkPlan, members: readonly Member[]): Promise<void>;
  /** Everything of it goes; what is gone already is no error. Links of containers stay where they are. */
  stop(plan: NetworkPlan): Promise<void>;
  /** Of a network that runs: from now on these have these addresses and names. */
  know(plan: NetworkPlan, members: readonly Member[]): Promise<void>;
  /** Changes a network that runs to another plan of the same bridge, members undisturbed. */
  change(from: NetworkPlan, to: NetworkPlan, members: readonly Member[]): Promise<void>;
  leases(plan: NetworkPlan): Promise<readonly HeldLease[]>;
  /**
   * What ran when the last daemon ended: puts back what is missing of it, takes away what no network owns any more, and looks after all
   * of it from then on. `plug` is called after a bridge had to be made anew: links of containers are to be plugged in again.
   */
  open(
    running: readonly { readonly plan: NetworkPlan; readonly members: readonly Member[] }[],
    plug: (plan: NetworkPlan) => Promise<void>,
  ): Promise<void>;
  /** Bridges, processes and tables that are there, with the network that owns them; of those without one `owner` is null. */
  assets(): readonly HeldAsset[];
  /** Remarks on what other programs' rules do to a network that runs, in sentences for people. */
  remarks(plan: NetworkPlan): Promise<readonly string[]>;
  /** Stops looking; networks go on. */
  close(): void;
}
