// The static type of an element, inferred from its declaration.
// SPDX-License-Identifier: Apache-2.0
import type { AnyElement, Choice, Element, Field, Fields, SlotField, Variants } from './declaration.js';

/** What the schema does not know, kept where it stood. */
export interface Extra {
  /** An attribute of this element, or of its child `of`. */
  readonly attribute?: string | undefined;
  readonly value?: string | undefined;
  /** How the value is quoted; an apostrophe unless somebody else's XML is shown as libxml2 prints it. */
  readonly quote?: '"' | undefined;
  /** An element, comment, processing instruction or stray text, as XML. */
  readonly xml?: string | undefined;
  /** Key of the known child it stood before; it stood last when absent. */
  readonly before?: string | undefined;
  /** Key of the known child, one that is a plain value, inside which it stood. */
  readonly of?: string | undefined;
  /** Which one, where that child is a list. */
  readonly index?: number | undefined;
}

/** Every model object may carry what its element held besides. Copy it along (spreading does). */
export interface Preserved {
  readonly extras?: readonly Extra[] | undefined;
}

type Simplify<T> = { [K in keyof T]: T[K] };

type RequiredKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<unknown, 'required'> ? K : never;
}[keyof F];
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends SlotField ? never : F[K] extends Field<unknown, 'required'> ? never : K;
}[keyof F];
type Value<F> = F extends { readonly type?: infer T } ? T : never;

export type InferFields<F extends Fields> = Simplify<
  { readonly [K in RequiredKeys<F>]: Value<F[K]> } & {
    readonly [K in OptionalKeys<F>]?: Value<F[K]> | undefined;
  }
>;

type InferChoice<F extends Fields, K extends string, V extends Variants> = {
  [N in keyof V]: Simplify<
    { readonly [P in K]: N } & InferFields<Omit<F, keyof V[N]['fields'] | K> & V[N]['fields']> & Preserved
  >;
}[keyof V];

/** The model of an element. */
export type Infer<E extends AnyElement> =
  E extends Element<infer F, infer C>
    ? C extends Choice<infer K, infer V>
      ? InferChoice<F, K, V>
      : Simplify<InferFields<F> & Preserved>
    : never;
