// What tells one text of a document from any other one.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** The same for the same text, and for no other. */
export const documentTag = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);
