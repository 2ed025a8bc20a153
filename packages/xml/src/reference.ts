// What follows from the schemas of documents for others: grammars, JSON Schemas, reference pages.
// SPDX-License-Identifier: Apache-2.0
import { type DocumentKind, documentKinds } from './documents.js';
import { type Domain, domain } from './domain/index.js';
import { emitDocs, generated } from './emit/docs.js';
import { explainablePaths, explainPath } from './emit/explain.js';
import { emitJsonSchema, type JsonSchema } from './emit/json-schema.js';
import { emitRelaxNg } from './emit/relax-ng.js';
import type { AnyElement } from './schema/declaration.js';
import { type Place, type PlaceHints, placesOf } from './schema/places.js';

/** Documents that have pages, and are explained; the first is meant where none is named. */
export const describedKinds = ['domain', 'network', 'filter'] as const satisfies readonly DocumentKind[];
/** One of `describedKinds`. */
export type DescribedKind = (typeof describedKinds)[number];

const elementOf = (kind: DocumentKind): AnyElement => documentKinds[kind];

/** The RELAX NG grammar of a kind's documents, as strict reading accepts them but for semantics. */
export const documentRelaxNg = (kind: DocumentKind): string => emitRelaxNg(elementOf(kind));

/** The JSON Schema (2020-12) of a kind's models. */
export const documentJsonSchema = (kind: DocumentKind): JsonSchema => emitJsonSchema(elementOf(kind));

/** The RELAX NG grammar of <domain>. */
export const domainRelaxNg = (): string => documentRelaxNg('domain');

/** The JSON Schema of `Domain`. */
export const domainJsonSchema = (): JsonSchema => documentJsonSchema('domain');

/** All that `docs/reference/xml` holds, by file name: pages in Markdown, grammars and JSON Schemas. */
export function xmlReference(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const sections: string[] = [];
  for (const kind of describedKinds) {
    const pages = emitDocs(elementOf(kind));
    for (const [name, text] of pages) files.set(name, text);
    const links = [...pages].map(([file, text]) => `- [${/^# (.*)/m.exec(text)?.[1]}](${file})`);
    sections.push(`## ${kind}\n\n${links.join('\n')}\n`);
    files.set(`${kind}.rng`, documentRelaxNg(kind));
    files.set(`${kind}.schema.json`, `${JSON.stringify(documentJsonSchema(kind), null, 1)}\n`);
  }
  return files.set('README.md', `# The XML, element by element\n\n${generated}\n\n${sections.join('\n')}`);
}

/** The kind that a path starts with, as findings have it. */
const kindOf = (path: string): DescribedKind => {
  const [first] = path.split('/').filter((step) => step !== '');
  return describedKinds.find((kind) => kind === first) ?? 'domain';
};

/**
 * The reference entry of `devices/filesystem/quota`, `devices/filesystem/@accessmode` or `network/forward`, as plain text; undefined for an
 * unknown path.
 */
export const explain = (path: string): string | undefined => explainPath(elementOf(kindOf(path)), path);

/** Every path that `explain` has an entry for. */
export const explainable = (): readonly string[] =>
  describedKinds.flatMap((kind) => {
    const [root = kind, ...below] = explainablePaths(elementOf(kind));
    return [root, ...(kind === 'domain' ? below : below.map((path) => `${kind}/${path}`))];
  });

/** Every place where a domain's document may have a value, and models that differ from `base` there and nowhere else. */
export function domainPlaces(base: Domain, hints: PlaceHints): readonly Place<Domain>[] {
  return placesOf(domain, base, hints);
}
