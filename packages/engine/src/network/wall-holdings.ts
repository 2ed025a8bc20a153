// Elements of the wall by who wants them: one that two want stays until both have let it go.
// SPDX-License-Identifier: Apache-2.0
import type { WallElement } from './wall-elements.js';

/** Which domain has put which elements into the sets. */
export class WallHoldings {
  readonly #byOwner = new Map<string, readonly WallElement[]>();
  readonly #wanted = new Map<string, number>();

  /** In the place of what this owner wanted before; returns what nobody wanted, and what nobody wants any more. */
  put(owner: string, elements: readonly WallElement[]): { come: WallElement[]; gone: WallElement[] } {
    const before = this.#byOwner.get(owner) ?? [];
    const come = elements.filter((one) => !this.#wanted.has(nameOf(one)));
    for (const one of elements) this.#count(one, 1);
    for (const one of before) this.#count(one, -1);
    if (elements.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, elements);
    return { come, gone: before.filter((one) => !this.#wanted.has(nameOf(one))) };
  }

  all(): WallElement[] {
    return [...this.#byOwner.values()].flat();
  }

  #count(element: WallElement, more: 1 | -1): void {
    const name = nameOf(element);
    const count = (this.#wanted.get(name) ?? 0) + more;
    if (count === 0) this.#wanted.delete(name);
    else this.#wanted.set(name, count);
  }
}

const nameOf = ({ family, set, text }: WallElement): string => `${family} ${set} ${text}`;
