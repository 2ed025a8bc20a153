// The filters there are, by their names: those that come with the program, and own ones, which go before them.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type Nwfilter, nearest, parseDocument } from '@ctvirt/xml';
import { EngineError } from '../../errors.js';
import { shippedFilters } from './shipped.js';

/** A filter with the UUID that it was given. */
export type KnownFilter = Nwfilter & { readonly uuid: string };

/** The same on every host. */
function shippedUuid(name: string): string {
  const bytes = createHash('sha256').update(`ctvirt filter ${name}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function readShipped(name: string, text: string): KnownFilter {
  const { model } = parseDocument('filter', text);
  if (model === undefined) throw new EngineError('internal', `the filter '${name}' cannot be read`);
  return { ...model, uuid: shippedUuid(name) };
}

/** Finds them. */
export class KnownFilters {
  readonly #shipped = new Map([...shippedFilters].map(([name, text]) => [name, readShipped(name, text)]));
  readonly #own = new Map<string, KnownFilter>();

  /** An own one of this name, or none any more: then what is shipped under it counts again. */
  set(name: string, filter: KnownFilter | undefined): void {
    if (filter === undefined) this.#own.delete(name);
    else this.#own.set(name, filter);
  }

  isOwn(name: string): boolean {
    return this.#own.has(name);
  }

  own(name: string): KnownFilter | undefined {
    return this.#own.get(name);
  }

  shipped(name: string): KnownFilter | undefined {
    return this.#shipped.get(name);
  }

  byName(name: string): KnownFilter | undefined {
    return this.#own.get(name) ?? this.#shipped.get(name);
  }

  byUuid(uuid: string): KnownFilter | undefined {
    return this.list().find((filter) => filter.uuid === uuid.toLowerCase());
  }

  /** By name. */
  list(): KnownFilter[] {
    return [...new Map([...this.#shipped, ...this.#own]).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** By what a person calls it. Throws `not-found`. */
  find(ref: string): KnownFilter {
    const found = this.byUuid(ref) ?? this.byName(ref);
    if (found !== undefined) return found;
    const near = nearest(
      ref,
      this.list().map(({ name }) => name),
    );
    const hint = near === undefined ? '' : `; did you mean '${near}'?`;
    throw new EngineError('not-found', `no network filter has the name or UUID '${ref}'${hint}`, { ref });
  }
}
