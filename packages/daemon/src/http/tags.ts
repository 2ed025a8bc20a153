// Tags of documents in heads of HTTP: the one that is answered, and those that are asked for.
// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import type { Route } from '@ctvirt/api';
import { documentTag, EngineError } from '@ctvirt/engine';

/** The header of a document that is answered. */
export const etagOf = (text: string): string => `"${documentTag(text)}"`;

/** Those of an If-Match; `*` is had by any document. Who compares weakly says so, and means the same text here. */
export function tagsIn(header: string | undefined): readonly string[] | undefined {
  return header?.split(',').map((one) => one.trim().replace(/^(?:W\/)?"(\w+)"$/, '$1'));
}

/** What a change may be asked under. */
const conditions = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'] as const;

/** A change that is asked for under a condition is not made where nobody looks at the condition. */
export function refuseUnheeded(
  { method, tag }: Pick<Route, 'method' | 'tag'>,
  headers: IncomingHttpHeaders,
): void {
  if (method === 'GET') return;
  const unheeded = conditions.find(
    (name) => headers[name] !== undefined && !(name === 'if-match' && tag === 'matched'),
  );
  if (unheeded !== undefined)
    throw new EngineError(
      'invalid',
      `${unheeded}: this operation has no such condition, and nothing was changed`,
    );
}
