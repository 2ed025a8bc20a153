// What follows from the domain's schema for others: grammar, JSON Schema, reference pages.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, domain } from './domain/index.js';
import { emitDocs } from './emit/docs.js';
import { explainablePaths, explainPath } from './emit/explain.js';
import { emitJsonSchema, type JsonSchema } from './emit/json-schema.js';
import { emitRelaxNg } from './emit/relax-ng.js';
import { type Place, type PlaceHints, placesOf } from './schema/places.js';

/** The RELAX NG grammar of <domain>, as strict reading accepts it but for semantics. */
export function domainRelaxNg(): string {
  return emitRelaxNg(domain);
}

/** The JSON Schema (2020-12) of `Domain`. */
export function domainJsonSchema(): JsonSchema {
  return emitJsonSchema(domain);
}

/** Reference pages in Markdown by file name. */
export function domainReference(): ReadonlyMap<string, string> {
  return emitDocs(domain);
}

/** The reference entry of `devices/filesystem/quota` or `devices/filesystem/@accessmode`, as plain text; undefined for an unknown path. */
export function explain(path: string): string | undefined {
  return explainPath(domain, path);
}

/** Every path that `explain` has an entry for. */
export function explainable(): readonly string[] {
  return explainablePaths(domain);
}

/** Every place where a domain's document may have a value, and models that differ from `base` there and nowhere else. */
export function domainPlaces(base: Domain, hints: PlaceHints): readonly Place<Domain>[] {
  return placesOf(domain, base, hints);
}
