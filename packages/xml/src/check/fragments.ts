// Pieces of XML that a model keeps as text: each must be well formed where it is written, and all together within the limits.
// SPDX-License-Identifier: Apache-2.0
import type { FindingCode } from '../finding.js';
import type { Limits, Node } from '../read/node.js';
import { readFully, Unreadable } from '../read/tree.js';

/** Counts elements and characters of one model over all its pieces; what is too much or not well-formed goes to `error`. */
export class Fragments {
  private elements = 0;
  private length = 0;
  private isOver = false;

  constructor(
    private readonly limits: Limits,
    private readonly error: (code: FindingCode, path: string, message: string) => void,
  ) {}

  /** One element more. */
  count(path: string, more = 1): void {
    this.elements += more;
    if (this.elements <= this.limits.elements || this.isOver) return;
    this.isOver = true;
    this.error('too-many', path, `more than ${this.limits.elements} elements`);
  }

  /** Those inside one element, in whose scope these namespaces are declared. */
  check(pieces: readonly string[], path: string, scope: string): void {
    const depth = path.split('/').length - 1;
    for (const piece of pieces) {
      this.length += piece.length;
      if (this.length > this.limits.length) {
        if (!this.isOver) this.error('too-large', path, `more than ${this.limits.length} characters`);
        this.isOver = true;
        return;
      }
      const limits = {
        ...this.limits,
        depth: this.limits.depth - depth + 1,
        elements: this.limits.elements + 1,
      };
      try {
        const { root } = readFully(`<fragment${scope}>${piece}</fragment>`, limits);
        this.count(path, elementsIn(root) - 1);
      } catch (cause) {
        if (!(cause instanceof Unreadable)) throw cause;
        this.error(cause.code, path, cause.message);
      }
    }
  }
}

function elementsIn(root: Node): number {
  let count = 0;
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.kind !== 'element') continue;
    count++;
    open.push(...(node.children ?? []));
  }
  return count;
}
