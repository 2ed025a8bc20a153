// Variables of init's environment in native files, for documents that hold fewer names.
// SPDX-License-Identifier: Apache-2.0

/** A variable of init's environment, as `<initenv>` holds it. */
export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** `NAME=VALUE` taken apart; a document holds no name with control characters, nor with blanks at its ends. */
export function variableIn(text: string): Variable | 'no name' | 'not to be held' {
  const at = text.indexOf('=');
  if (at < 1) return 'no name';
  const name = text.slice(0, at);
  if (/\p{Cc}/u.test(name) || name.trim() !== name) return 'not to be held';
  return { name, value: text.slice(at + 1) };
}

/** What a report says of a variable that is left out for its name. */
export const notToBeHeld = 'its name has characters that no document holds';
