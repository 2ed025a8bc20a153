// The options of verbs that ask a domain's init for something and may wait for it.
// SPDX-License-Identifier: Apache-2.0
import type { Options } from '../verb.js';

const defaultSeconds = 120;

/** The two flags; `--timeout` alone means to wait, too. */
export const waitOptions = {
  wait: { type: 'flag', summary: `Come back only when it happened (at most ${defaultSeconds} s)` },
  timeout: { type: 'whole', value: 'SECONDS', summary: 'Wait at most so long' },
} as const satisfies Options;

interface Waiting {
  readonly wait: boolean;
  readonly timeout: number | undefined;
}

/** How long the daemon shall wait; undefined if not at all. */
export const waitMsOf = (options: Waiting): number | undefined =>
  options.wait || options.timeout !== undefined ? patientMsOf(options) : undefined;

/** How long, where it waits in any case. */
export const patientMsOf = ({ timeout }: Pick<Waiting, 'timeout'>): number =>
  (timeout ?? defaultSeconds) * 1000;
