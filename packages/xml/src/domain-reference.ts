// What is known of each place of a domain's document, without what belongs to other kinds of documents: for who writes one.
// SPDX-License-Identifier: Apache-2.0
import { domain } from './domain/index.js';
import { explainPath, type Possible, possibleIn } from './emit/explain.js';

/** As `explain`, of domains alone. */
export const explainDomain = (path: string): string | undefined => explainPath(domain, path);

/** What may stand in the element of that path, such as `devices/filesystem`; in the document itself for an empty one. */
export const possibleInDomain = (path: string): readonly Possible[] => possibleIn(domain, path);
