// The engine's operations on domains that go to other hosts and come from them.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import type { Arrivals } from './arrivals.js';
import type { Departures } from './departures.js';

/** Dependencies of `moveOperations`. */
export interface MoveParts {
  readonly departures: Departures;
  readonly arrivals: Arrivals;
}

export function moveOperations({ departures, arrivals }: MoveParts): Engine['moves'] {
  return {
    move: (ref, to, options) => departures.move(ref, to, options),
    begin: (ref, options) => departures.begin(ref, options),
    hasten: (ref) => departures.hasten(ref),
    resolve: async (ref, keeper) => {
      if ((await departures.resolve(ref, keeper)) || (await arrivals.resolve(ref, keeper))) return;
      throw new EngineError(
        'not-found',
        `no domain '${ref}' is between two hosts: nothing is to be decided`,
        { ref },
      );
    },
    answer: (question) => arrivals.answer(question),
    receive: (what, bytes) => arrivals.receive(what, bytes),
  };
}
