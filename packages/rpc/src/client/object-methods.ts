// The types of the friendly layer: methods of objects and connection, derived from the protocol table.
// SPDX-License-Identifier: Apache-2.0

import type { RemoteCalls } from '../protocol/index.js';
import type { references } from '../protocol/objects.js';
import type { Procedure } from '../protocol/row.js';
import type { ClientStream } from '../streams.js';
import type { Fields, Infer } from '../xdr.js';
import type { CallOptions } from './client.js';

/** `references`, for types to be derived from. */
export type References = typeof references;

/** A kind of object: a key of `references`. */
export type ObjectKind = keyof References;

/** What names an object on the wire, for example name, uuid and id of a domain. */
export type Identity<K extends ObjectKind> = Infer<References[K]>;

type FieldsOf<S> = S extends { readonly fields: infer F extends Fields } ? F : never;
type ArgsOf<N extends keyof RemoteCalls> = FieldsOf<RemoteCalls[N]['args']>;
type KindOf<S> = S extends { readonly kind: infer K extends ObjectKind } ? K : never;

/** The argument a method's object stands for; a volume to clone is an ordinary argument. */
type OwnerField<F> = {
  [K in keyof F]: K extends 'clonevol' ? never : [KindOf<F[K]>] extends [never] ? never : K;
}[keyof F];

type MethodName<N extends string, K extends string> = N extends `${K}${infer Rest}`
  ? Uncapitalize<Rest>
  : N extends `domain${infer Rest}`
    ? Uncapitalize<Rest>
    : N;

/** References become objects, lists of references lists of objects. */
export type Wrapped<S> = [KindOf<S>] extends [never]
  ? S extends { readonly item: infer I }
    ? [KindOf<I>] extends [never]
      ? Infer<S>
      : ObjectOf<KindOf<I>>[]
    : Infer<S>
  : ObjectOf<KindOf<S>>;

type ObjectLists<F> = {
  [K in keyof F]: F[K] extends { readonly item: infer I } ? ([KindOf<I>] extends [never] ? never : K) : never;
}[keyof F];
type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/** A list of objects stands for the whole result, as does a result's only field. */
type Unwrapped<F extends Fields> = keyof F extends never
  ? undefined
  : [ObjectLists<F>] extends [never]
    ? IsUnion<keyof F> extends true
      ? { [K in keyof F]: Wrapped<F[K]> }
      : Wrapped<F[keyof F]>
    : Wrapped<F[ObjectLists<F>]>;

type DefaultedField<F> = {
  [K in keyof F]: K extends 'flags' | 'needResults'
    ? K
    : F[K] extends { readonly inner: unknown }
      ? K
      : never;
}[keyof F];
type ValuesOf<F> = { [K in keyof F]: Infer<F[K]> };
type GivenArgs<F> = ValuesOf<Omit<F, DefaultedField<F>>> & Partial<ValuesOf<Pick<F, DefaultedField<F>>>>;

type Parameters<F> =
  Exclude<keyof F, DefaultedField<F>> extends never
    ? [args?: GivenArgs<F>, options?: CallOptions]
    : [args: GivenArgs<F>, options?: CallOptions];

type Method<F, P extends Procedure> = (
  ...parameters: Parameters<F>
) => Promise<'none' extends P['stream'] ? Unwrapped<FieldsOf<P['result']>> : ClientStream>;

type Owner<N extends keyof RemoteCalls> = KindOf<ArgsOf<N>[OwnerField<ArgsOf<N>>]>;

/** Methods of one kind of object: each procedure whose arguments begin with it. */
export type MethodsOf<K extends ObjectKind> = {
  [N in keyof RemoteCalls & string as [Owner<N>] extends [never]
    ? never
    : Owner<N> extends K
      ? MethodName<N, K>
      : never]: Method<Omit<ArgsOf<N>, OwnerField<ArgsOf<N>>>, RemoteCalls[N]>;
};

/** Procedures that belong to opening, closing, authentication and events, which the connection sees to. */
export type Plumbing =
  | `auth${string}`
  | `connect${string}Event${string}`
  | `connect${string}CloseCallback`
  | 'connectOpen'
  | 'connectClose';

/** Methods of the connection: each procedure that begins with no object. */
export type ConnectionMethods = {
  [N in keyof RemoteCalls & string as N extends Plumbing
    ? never
    : [Owner<N>] extends [never]
      ? N extends `connect${infer Rest}`
        ? Uncapitalize<Rest>
        : N
      : never]: Method<ArgsOf<N>, RemoteCalls[N]>;
};

/** Methods added by hand, where libvirt's own name is not what one looks for. */
interface ExtraMethods {
  domain: {
    /** Starts the domain; the answer has its new id. */
    start(args?: { flags?: number }, options?: CallOptions): Promise<Domain>;
  };
}

/** An object: what names it on the wire as properties, as it was when it came, and its procedures as methods. */
export type ObjectOf<K extends ObjectKind> = Identity<K> &
  MethodsOf<K> &
  (K extends keyof ExtraMethods ? ExtraMethods[K] : unknown);

/** A container or virtual machine: `name`, `uuid` and `id`, which is -1 where it does not run. */
export type Domain = ObjectOf<'domain'>;
/** A moment in the life of a domain's disks since which changes can be told, for incremental backups. */
export type DomainCheckpoint = ObjectOf<'domainCheckpoint'>;
/** A kept state of a domain, to which it can be reverted. */
export type DomainSnapshot = ObjectOf<'domainSnapshot'>;
/** A network interface of the host: `name` and `mac`. */
export type Interface = ObjectOf<'interface'>;
/** A network that domains are connected to: `name` and `uuid`. */
export type Network = ObjectOf<'network'>;
/** A place on a network that one interface of a domain takes: `net`, which it belongs to, and `uuid`. */
export type NetworkPort = ObjectOf<'networkPort'>;
/** A device of the host, its `name` alone: what libvirt does with it takes that name, in methods of the connection. */
export type NodeDevice = ObjectOf<'nodeDevice'>;
/** Rules for the traffic of domains' interfaces: `name` and `uuid`. */
export type Nwfilter = ObjectOf<'nwfilter'>;
/** A filter in force on an interface of the host: `portdev` and `filtername`. */
export type NwfilterBinding = ObjectOf<'nwfilterBinding'>;
/** A value that libvirt keeps for others, such as the passphrase of a volume: `uuid`, `usageType`, `usageId`. */
export type Secret = ObjectOf<'secret'>;
/** A place that volumes lie in: `name` and `uuid`. */
export type StoragePool = ObjectOf<'storagePool'>;
/** A volume: its `pool` by name, its own `name`, and a `key` that no other has. */
export type StorageVol = ObjectOf<'storageVol'>;
