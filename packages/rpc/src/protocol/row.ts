// What one line of the protocol table says, and the words it is written in.
// SPDX-License-Identifier: Apache-2.0
import { type Fields, type Infer, type StructShape, struct } from '../xdr.js';

/** Values of a structure, or nothing for a structure without fields. */
// biome-ignore lint/suspicious/noConfusingVoidType: handlers without a result are functions that return void.
export type ValueOf<F extends Fields> = keyof F extends never ? void : Infer<StructShape<F>>;

/** When a read-only connection may not make the call: ever, never, or if `field` has one of `bits` set. */
export type Writes = boolean | { readonly field: string; readonly bits: number };

/** Which way stream frames go after the reply, seen from the client. */
export type StreamDirection = 'none' | 'download' | 'upload' | 'both';

/** A procedure: number and shapes as libvirt numbers and lays them out. */
export interface Procedure<A extends Fields = Fields, R extends Fields = Fields> {
  readonly number: number;
  readonly args: StructShape<A>;
  readonly result: StructShape<R>;
  readonly writes: Writes;
  readonly stream: StreamDirection;
  /** Call or reply carries file descriptors, which Node cannot pass. */
  readonly descriptors: boolean;
}

/** A message the server sends unasked. */
export interface Message<M extends Fields = Fields> {
  readonly number: number;
  readonly body: StructShape<M>;
}

function row<A extends Fields, R extends Fields>(
  number: number,
  args: A,
  result: R,
  writes: Writes,
): Procedure<A, R> {
  return { number, args: struct(args), result: struct(result), writes, stream: 'none', descriptors: false };
}

// biome-ignore lint/complexity/noBannedTypes: the type of an object without fields is what is meant.
type Nothing = {};

/** A procedure that changes nothing. */
export function read<A extends Fields = Nothing, R extends Fields = Nothing>(
  number: number,
  args?: A,
  result?: R,
): Procedure<A, R>;
export function read(number: number, args: Fields = {}, result: Fields = {}): Procedure {
  return row(number, args, result, false);
}

/** A procedure that a read-only connection may not call. */
export function write<A extends Fields = Nothing, R extends Fields = Nothing>(
  number: number,
  args?: A,
  result?: R,
): Procedure<A, R>;
export function write(number: number, args: Fields = {}, result: Fields = {}): Procedure {
  return row(number, args, result, true);
}

/** A procedure that a read-only connection may call unless `field` has one of `bits` set. */
export function guarded<A extends Fields, R extends Fields>(
  number: number,
  field: keyof A & string,
  bits: number,
  args: A,
  result: R,
): Procedure<A, R> {
  return row(number, args, result, { field, bits });
}

/** The same procedure, followed by a stream. */
export function streaming<P extends Procedure>(direction: Exclude<StreamDirection, 'none'>, procedure: P) {
  return { ...procedure, stream: direction };
}

/** The same procedure, with file descriptors beside its frames. */
export function withDescriptors<P extends Procedure>(procedure: P): P {
  return { ...procedure, descriptors: true };
}

/** A message from the server. */
export function message<M extends Fields>(number: number, body: M): Message<M> {
  return { number, body: struct(body) };
}
