// How snapshots are told of.
// SPDX-License-Identifier: Apache-2.0
import type { Snapshot } from '@ctvirt/api';

/** To the minute, in UTC. */
export const madeAt = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 16)}Z`;

const HEAD = 32;

/** As much of a text as a table has room for: `snapshot info` shows all of it. */
export function headOf(text: string, most = HEAD): string {
  const [line = '', ...more] = text.split('\n');
  const characters = [...line];
  if (characters.length <= most) return more.length === 0 ? line : `${line} …`;
  return `${characters.slice(0, most - 1).join('')}…`;
}

const states = { running: 'running', paused: 'paused', shutoff: 'shut off' } as const;

/** What the domain did when it was taken. */
export const stateThen = ({ state }: Snapshot): string => states[state];

/** How long its writes waited: what is short to a tenth of a millisecond. */
export const describeWait = (ms: number): string =>
  `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
