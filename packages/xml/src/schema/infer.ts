// The static type of an element, inferred from its declaration.
// SPDX-License-Identifier: Apache-2.0
import type { AnyElement, Choice, Element, Field, Fields, SlotField, Variants } from './declaration.js';
import type { Preserved } from './model.js';

type Simplify<T> = { [K in keyof T]: T[K] };

type RequiredKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<unknown, 'required'> ? K : never;
}[keyof F];
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends SlotField ? never : F[K] extends Field<unknown, 'required'> ? never : K;
}[keyof F];
type Value<F> = F extends { readonly type?: infer T } ? T : never;

/** The model of fields: those that are `required` have a value, the others may lack it; slots have none. */
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
