// A schema that refuses what it does not name: answers let unknown members pass for later versions' sake, tests must not.
// SPDX-License-Identifier: Apache-2.0
import type { TSchema } from '../schema.js';

/** The same schema, in which every object has the members it names and no others. */
export const closed = (schema: TSchema): TSchema => closedPart(schema) as TSchema;

function closedPart(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closedPart);
  if (typeof part !== 'object' || part === null) return part;
  const members = Object.entries(part).map(([name, value]) => [name, closedPart(value)] as const);
  return { ...Object.fromEntries(members), ...('properties' in part && { additionalProperties: false }) };
}
