// A mistyped word's nearest known spelling, as a clause for a message, and the refusal of a word that is none of a few.
// SPDX-License-Identifier: Apache-2.0
import { nearest } from '@ctvirt/xml';
import { CliError } from './errors.js';

/** `; did you mean 'list'?`, empty where nothing is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

/** `what` is who wants one of them, as people wrote it: `convert: --from`. */
export const noneOf = (what: string, word: string, known: readonly string[]): CliError =>
  new CliError('usage', `${what} is one of ${known.join(', ')}, not '${word}'${didYouMean(word, known)}`);
