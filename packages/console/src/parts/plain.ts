// What a program wrote for a terminal, as text.
// SPDX-License-Identifier: Apache-2.0

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Without what moves the cursor, colours, and the like. */
export const plain = (text: string): string =>
  text.replaceAll('\r\n', '\n').replace(sequences, '').replace(controls, '');
