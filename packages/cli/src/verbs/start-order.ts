// The options that say when among the others a domain starts with the host.
// SPDX-License-Identifier: Apache-2.0
import type { AutostartChange } from '@ctvirt/api';
import { CliError } from '../errors.js';
import type { Options } from '../verb.js';

export const orderOptions = {
  order: {
    type: 'text',
    value: 'NUMBER',
    summary: 'Lower ones start earlier with the host and are shut down later; none: with the last ones',
  },
  delay: {
    type: 'text',
    value: 'SECONDS',
    summary: 'How long those of later orders wait after its start; none: not at all',
  },
} as const satisfies Options;

type Given = { readonly [N in keyof typeof orderOptions]?: string | undefined };

/** What of it is said; nothing if nothing is. */
export function orderOf(verb: string, { order, delay }: Given): AutostartChange {
  const read = (name: string, text: string): number | null => {
    if (text === 'none') return null;
    if (!/^\d{1,15}$/.test(text)) throw new CliError('usage', `${verb}: --${name} takes a number, or none`);
    return Number(text);
  };
  return {
    ...(order !== undefined && { order: read('order', order) }),
    ...(delay !== undefined && { delaySeconds: read('delay', delay) }),
  };
}

/** `order 10, delay 5 s`; empty if nothing is said. */
export function describeOrder({ order, delaySeconds }: AutostartChange): string {
  const words = [
    ...(order === undefined ? [] : [order === null ? 'no order' : `order ${order}`]),
    ...(delaySeconds === undefined
      ? []
      : [delaySeconds === null ? 'no delay' : `a delay of ${delaySeconds} s after it`]),
  ];
  return words.join(', ');
}
