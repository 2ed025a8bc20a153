// What each part of the campaign is: how much of it, what it found, and what is needed to see a fault again.
// SPDX-License-Identifier: Apache-2.0
import { World } from '../world/world.js';

/** How much is asked for; what a part does not count or time it leaves alone. */
export interface Amount {
  readonly count: number;
  readonly minutes: number;
}

export interface Order extends Amount {
  readonly seed: number;
  /** Where it is, for whoever watches. */
  readonly note: (text: string) => void;
}

export interface Found {
  /** What was done how often. */
  readonly done: string;
  readonly figures: string;
  /** Each with what is needed to replay it. */
  readonly faults: readonly string[];
}

export interface Part {
  readonly what: string;
  /** For a release, and in CI. */
  readonly long: Amount;
  readonly short: Amount;
  readonly run: (order: Order) => Promise<Found>;
}

/** The text of whatever was thrown, with what it says of its cause. */
export const textOfFault = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Runs a part in a world of its own, which has to be empty afterwards; what breaks it off is a fault. */
export async function inWorld(run: (world: World) => Promise<Found>): Promise<Found> {
  const world = await World.open();
  try {
    const found = await run(world);
    await world.clear();
    await world.close();
    return found;
  } catch (error) {
    await world.abandon();
    return {
      done: 'broken off',
      figures: '',
      faults: [`${textOfFault(error)}\n${world.log.slice(-2000)}`],
    };
  }
}
