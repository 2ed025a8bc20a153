// Network filters over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Filters: their definition, and who has which; refusals are the engine's own. */
export const bindFilters = ({ filters }: Engine): Handlers<Resources['filters']> => ({
  list: () => filters.list(),
  define: ({ body, query: { strict }, tags }) =>
    filters.define(body, { ...(strict !== undefined && { strict }), tags }),
  info: ({ params: { filter } }) => filters.get(filter),
  undefine: ({ params: { filter } }) => filters.undefine(filter),
  xml: ({ params: { filter } }) => filters.xml(filter),
  bindings: () => filters.bindings(),
});
