// What programs of the host complain of, as far as it is told: lines of bounded length, each with its beginning and its end.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';

const LONGEST_LINE = 400;
const PART = LONGEST_LINE / 2;

/** A path may be as long as whoever makes folders wants. */
export const bounded = (complaint: string): string =>
  complaint
    .split('\n')
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, PART)} … ${line.slice(-PART)}` : line))
    .join('\n');

/** The longest path that the kernel takes, in bytes, with the zero that ends it. */
export const PATH_MAX = 4096;
const SHOWN = 40;

/** Of a path that is too long for a program: in a layer, from its root on. */
export class DeepPath extends Error {
  constructor(readonly path: string) {
    super(`a path is too long: ${bounded(path)}`);
  }
}

/** For what no program of the host can copy: `path` is one in the domain, or the beginning of one. */
export function tooDeep(name: string, path: string): EngineError {
  return new EngineError(
    'unsupported',
    `domain '${name}' has a path of more than ${PATH_MAX} bytes, which no program of the host can copy: it begins with '${path.slice(0, SHOWN)}…'; remove or rename folders there, inside the container, then try again`,
    { name },
  );
}
