// Guarantees over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** The ledger of promises, and what domains were given over the last minutes. */
export const bindGuarantees = (engine: Engine): Handlers<Resources['guarantees']> => ({
  delivered: ({ query }) => engine.deliveries(query),
  whatIf: ({ body }) => engine.whatIf(body),
  fits: () => engine.profileFits(),
  show: ({ query: { profile } }) => engine.guarantees(profile === undefined ? {} : { profile }),
});
