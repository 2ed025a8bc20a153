// A mistyped word's nearest known spelling, as a clause for a message.
// SPDX-License-Identifier: Apache-2.0
import { nearest } from '@ctvirt/xml';

/** `; did you mean 'list'?`, empty where nothing is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}
