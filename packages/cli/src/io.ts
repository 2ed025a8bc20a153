// The process as the command line sees it: streams, environment, and the signal that ends it.
// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};
/** A stream of which only a terminal has what `raw` and `stty` need; a test's has none of it. */
export type Input = Readable & {
  readonly isTTY?: boolean;
  readonly fd?: number;
  setRawMode?(isRaw: boolean): unknown;
  unref?(): unknown;
};

/** All that a verb may touch of its process, so that a test can run one in its own. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Of output that is of no use in part: what to end with where its reader goes away. */
  readonly needsReader?: (status: number) => void;
  /** Gives somebody the signals that would end this process; the result gives them back. */
  readonly onSignal?: (listener: (name: NodeJS.Signals) => void) => () => void;
}

/** Colour only where a person looks and has not said no. */
export const hasColour = (output: Output, env: Io['env']): boolean =>
  output.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';

/** A terminal's columns; a file, a program and a terminal that tells none have room for anything. */
export const widthOf = ({ isTTY, columns = 0 }: Output): number =>
  isTTY === true && columns > 0 ? columns : Infinity;
