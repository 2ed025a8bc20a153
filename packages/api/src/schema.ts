// The JSON Schema vocabulary in which the contract is written: validator, static type and OpenAPI in one value.
// SPDX-License-Identifier: Apache-2.0
import {
  Array as arrayOf,
  Literal,
  Null,
  Object as objectOf,
  type Static as StaticOf,
  type TLiteral,
  type TObjectOptions,
  type TProperties,
  type TSchema,
  type TSchemaOptions,
  Union,
} from 'typebox';

export type { TSchema } from 'typebox';
export {
  Boolean as boolean,
  Integer as integer,
  Number as number,
  Optional as optional,
  Record as record,
  String as string,
  Union as anyOf,
  Unknown as unknown,
} from 'typebox';

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** The type a schema admits, read-only all the way down. */
export type Static<S extends TSchema> = Frozen<StaticOf<S>>;

/** An object that has these members and, being a request, no others. */
export const strict = <P extends TProperties>(properties: P, options: TObjectOptions = {}) =>
  objectOf(properties, { ...options, additionalProperties: false });

/** An object of an answer: later versions may add members, so a reader must let them pass. */
export const object = <P extends TProperties>(properties: P, options: TObjectOptions = {}) =>
  objectOf(properties, options);

/** A list of values that all follow one schema. */
export const list = <S extends TSchema>(items: S, options: TSchemaOptions = {}) => arrayOf(items, options);

/** A value, or null where there is none to tell. */
export const nullable = <S extends TSchema>(schema: S) => Union([schema, Null()]);

type Nullable = ReturnType<typeof nullable>;

/** Null for each of these: there is none to tell of any. */
export const nulls = <P extends Readonly<Record<string, Nullable>>>(properties: P) =>
  Object.fromEntries(Object.keys(properties).map((name) => [name, null])) as {
    readonly [K in keyof P]: null;
  };

type Literals<V extends readonly string[]> = { -readonly [K in keyof V]: TLiteral<V[K]> };

/** One of a closed set of words. */
export const oneOf = <const V extends readonly string[]>(values: V, options: TSchemaOptions = {}) =>
  // map keeps neither the places nor the number of what it goes over.
  Union<Literals<V>>(values.map((value) => Literal(value)) as [...Literals<V>], options);
