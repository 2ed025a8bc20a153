// Reads the members of JSON that others wrote, each of the kind that it has to be.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from '../archive/errors.js';

/** An object of JSON, and what it is for people. */
export class Fields {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(
    value: unknown,
    private readonly what: string,
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw refuse('image', `${what} is no object of JSON`);
    this.#fields = new Map(Object.entries(value));
  }

  has(key: string): boolean {
    return (this.#fields.get(key) ?? null) !== null;
  }

  text(key: string): string {
    const value = this.#fields.get(key);
    if (typeof value === 'string') return value;
    throw refuse('image', `${this.what} has no text '${key}'`);
  }

  /** Empty where there is none. */
  textOr(key: string): string {
    return this.has(key) ? this.text(key) : '';
  }

  /** A whole number from 0 on. */
  size(key: string): number {
    const value = this.#fields.get(key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw refuse('image', `${this.what} has no size '${key}'`);
  }

  flag(key: string): boolean {
    return this.#fields.get(key) === true;
  }

  /** Empty where there is none. */
  objects(key: string): Fields[] {
    return this.#list(key).map((value) => new Fields(value, `${this.what}'s ${key}`));
  }

  /** Empty where there is none. */
  texts(key: string): string[] {
    return this.#list(key).map((value) => {
      if (typeof value === 'string') return value;
      throw refuse('image', `${this.what} has something else than a text in '${key}'`);
    });
  }

  /** Empty where there is none. */
  object(key: string): Fields {
    return new Fields(this.has(key) ? this.#fields.get(key) : {}, `${this.what}'s ${key}`);
  }

  get keys(): string[] {
    return [...this.#fields.keys()];
  }

  #list(key: string): unknown[] {
    if (!this.has(key)) return [];
    const value = this.#fields.get(key);
    if (Array.isArray(value)) return value;
    throw refuse('image', `${this.what} has no list '${key}'`);
  }
}

export function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw refuse('image', `${what} is no JSON`, cause);
  }
}
