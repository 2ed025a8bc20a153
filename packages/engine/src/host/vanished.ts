// What programs complain of that read files which somebody removes meanwhile.
// SPDX-License-Identifier: Apache-2.0

/** Programs in the locale C write a name with its line breaks in another form. */
const GONE = /^[\w/]+: .+: No such file or directory$/;

/** Whether the lines tell of nothing else. */
export const isVanished = (complaints: string): boolean =>
  complaints
    .trimEnd()
    .split('\n')
    .every((line) => GONE.test(line));
