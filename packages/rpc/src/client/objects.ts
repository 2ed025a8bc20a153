// The friendly layer at run time: one prototype per kind of object, built from the protocol table.
// SPDX-License-Identifier: Apache-2.0

import { remote } from '../protocol/index.js';
import { references } from '../protocol/objects.js';
import type { Procedure } from '../protocol/row.js';
import type { Fields, Shape, Values } from '../xdr.js';
import type { CallOptions, RpcClient } from './client.js';
import type { ConnectionMethods, ObjectKind, ObjectOf } from './object-methods.js';

/** Where objects keep their connection: not enumerable, so that printing an object shows its identity alone. */
const clientOf = new WeakMap<object, RpcClient>();

const isObjectKind = (kind: unknown): kind is ObjectKind =>
  typeof kind === 'string' && Object.hasOwn(references, kind);

/** The kind of object a shape refers to; only the references of the table do. */
function kindOf(shape: Shape<unknown> | undefined): ObjectKind | undefined {
  return shape !== undefined && 'kind' in shape && isObjectKind(shape.kind) ? shape.kind : undefined;
}

const prototypes = new Map<ObjectKind, object>();

function prototypeOf(kind: ObjectKind): object {
  const prototype = prototypes.get(kind) ?? {};
  prototypes.set(kind, prototype);
  return prototype;
}

/** An object of the friendly layer from what names it on the wire. */
function makeObject(client: RpcClient, kind: ObjectKind, identity: object): object {
  const object: object = Object.assign(Object.create(prototypeOf(kind)), identity);
  clientOf.set(object, client);
  return object;
}

type Wrapper = (client: RpcClient, value: unknown) => unknown;

/** What turns values of a shape into objects; undefined where there is nothing to turn. */
function wrapperOf(shape: Shape<unknown>): Wrapper | undefined {
  const kind = kindOf(shape);
  if (kind !== undefined)
    return (client, value) =>
      typeof value === 'object' && value !== null ? makeObject(client, kind, value) : value;
  const item = shape.item && wrapperOf(shape.item);
  if (item === undefined) return undefined;
  return (client, value) => (Array.isArray(value) ? value.map((entry) => item(client, entry)) : value);
}

/** As `wrapperOf`, for each of several fields. */
export function fieldsWrapper(fields: Fields): ((client: RpcClient, values: Values) => Values) | undefined {
  const wrappers = Object.entries(fields).flatMap(([name, shape]) => {
    const wrapper = wrapperOf(shape);
    return wrapper === undefined ? [] : [{ name, wrapper }];
  });
  if (wrappers.length === 0) return undefined;
  return (client, values) => {
    const wrapped = wrappers.map(({ name, wrapper }) => [name, wrapper(client, values[name])]);
    return { ...values, ...Object.fromEntries(wrapped) };
  };
}

function holdsObjects(shape: Shape<unknown>): boolean {
  return kindOf(shape.item) !== undefined;
}

/** A list of objects stands for the whole result, as does a result's only field. */
function unwrapperOf(fields: Fields): (client: RpcClient, result: Values) => unknown {
  const entries = Object.entries(fields);
  const only = entries.length === 1 ? entries[0] : undefined;
  const [name, shape] = entries.find(([, field]) => holdsObjects(field)) ?? only ?? [];
  if (name !== undefined && shape !== undefined) {
    const wrapper = wrapperOf(shape);
    if (wrapper === undefined) return (_client, result) => result[name];
    return (client, result) => wrapper(client, result[name]);
  }
  if (entries.length === 0) return () => undefined;
  return fieldsWrapper(fields) ?? ((_client, result) => result);
}

/** What an argument is when it is left out: no flags, and lists with their entries. */
function defaultOf(name: string, shape: Shape<unknown>): unknown {
  if (name === 'flags') return shape.notation === 'uhyper' ? 0n : 0;
  return name === 'needResults' ? 1 : undefined;
}

type Invoke = (client: RpcClient, args: Values, options?: CallOptions) => Promise<unknown>;

function invoker(name: string, row: Procedure): Invoke {
  const defaults = Object.fromEntries(
    Object.entries(row.args.fields).map(([field, shape]) => [field, defaultOf(field, shape)]),
  );
  if (row.stream !== 'none')
    return async (client, args, options) =>
      (await client.invokeStream(remote, name, { ...defaults, ...args }, options)).stream;
  const unwrap = unwrapperOf(row.result.fields);
  return async (client, args, options) =>
    unwrap(client, await client.invoke(remote, name, { ...defaults, ...args }, options));
}

function uncapitalize(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function methodName(name: string, kind: string): string {
  const prefix = [kind, 'domain'].find((start) => name.startsWith(start));
  return prefix === undefined ? name : uncapitalize(name.slice(prefix.length));
}

const plumbing = /^(auth|connect.*Event|connect.*CloseCallback$|connectOpen$|connectClose$)/;
const connectionPrototype: Record<string, Invoke> = {};

const calls: Readonly<Record<string, Procedure>> = remote.calls;
for (const [name, row] of Object.entries(calls)) {
  const [field, shape] = Object.entries(row.args.fields)[0] ?? [];
  const kind = kindOf(shape);
  const invoke = invoker(name, row);
  if (kind !== undefined && field !== undefined) {
    Object.defineProperty(prototypeOf(kind), methodName(name, kind), {
      value(this: object, args?: Values, options?: CallOptions) {
        const client = clientOf.get(this);
        if (client === undefined) throw new TypeError(`${name} was called without its object`);
        return invoke(client, { ...args, [field]: this }, options);
      },
    });
  } else if (!plumbing.test(name)) {
    connectionPrototype[name.startsWith('connect') ? uncapitalize(name.slice(7)) : name] = invoke;
  }
}

Object.defineProperty(prototypeOf('domain'), 'start', {
  value(this: ObjectOf<'domain'>, args?: { flags?: number }, options?: CallOptions) {
    return this.createWithFlags(args, options);
  },
});

/** The connection's derived methods, bound to a client. */
export function connectionMethods(client: RpcClient): ConnectionMethods {
  const bound = Object.entries(connectionPrototype).map(([name, invoke]) => [
    name,
    (args: Values = {}, options?: CallOptions) => invoke(client, args, options),
  ]);
  // The names and shapes come from the table that ConnectionMethods is derived from.
  return Object.fromEntries(bound) as ConnectionMethods;
}
