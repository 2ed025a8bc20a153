// What a start mounts, in an order in which nothing hides what is mounted in it.
// SPDX-License-Identifier: Apache-2.0
import { isPathIn } from '../../host/paths.js';

/** A place in the container, and of a second view the place that it shows. */
export interface Placed {
  readonly target: string;
  readonly view?: string | undefined;
}

/** Parents come before what is mounted in them, and a view after what is mounted at its source; else as in the document. */
export function inMountOrder<P extends Placed>(mounts: readonly P[]): P[] {
  const left = mounts.toSorted((a, b) => depth(a.target) - depth(b.target));
  const ordered: P[] = [];
  while (left.length > 0) {
    const free = left.findIndex((one) => !left.some((other) => other !== one && waits(one, other)));
    // Views of each other: none of them can be the first.
    ordered.push(...left.splice(Math.max(free, 0), 1));
  }
  return ordered;
}

const waits = ({ target, view }: Placed, other: Placed): boolean =>
  isPathIn(target, other.target) || (view !== undefined && isPathIn(view, other.target));

const depth = (path: string): number => path.split('/').filter((part) => part !== '').length;
