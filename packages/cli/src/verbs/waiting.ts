// The options of verbs that ask a domain's init for something and may wait for it.
// SPDX-License-Identifier: Apache-2.0
import type { Options } from '../verb.js';

const defaultSeconds = 120;

export const waitOptions = {
  wait: { type: 'flag', summary: `Come back only when it happened (at most ${defaultSeconds} s)` },
  timeout: { type: 'whole', value: 'SECONDS', summary: 'Wait at most so long' },
} as const satisfies Options;

/** How long the daemon shall wait; undefined if not at all. */
export const waitMsOf = (options: { wait: boolean; timeout: number | undefined }): number | undefined =>
  options.wait || options.timeout !== undefined ? (options.timeout ?? defaultSeconds) * 1000 : undefined;
