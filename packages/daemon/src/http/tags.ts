// Tags of documents in heads of HTTP: the one that is answered, and those that are asked for.
// SPDX-License-Identifier: Apache-2.0
import { documentTag } from '@ctvirt/engine';

/** The header of a document that is answered. */
export const etagOf = (text: string): string => `"${documentTag(text)}"`;

/** Those of an If-Match; undefined where any document will do. Who compares weakly says so, and means the same text here. */
export function tagsIn(header: string | undefined): readonly string[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  return header.split(',').map((one) => one.trim().replace(/^(?:W\/)?"(.*)"$/, '$1'));
}
