// XDR: shapes as values, from which TypeScript types, encoder, decoder and notation all come.
// SPDX-License-Identifier: Apache-2.0
import { RpcError } from './errors.js';

/** One wire type. `notation` names it canonically; `minBytes` is the least any value takes on the wire. */
export interface Shape<T> extends Parts {
  readonly notation: string;
  readonly minBytes: number;
  encode(writer: XdrWriter, value: T): void;
  decode(reader: XdrReader): T;
}

/** What a shape is made of, where it is made of others, so that typed layers can look inside. */
interface Parts {
  /** Of a structure. */
  readonly fields?: Fields;
  /** Of a list. */
  readonly item?: Shape<unknown>;
  /** Of a value that may be null. */
  readonly inner?: Shape<unknown>;
}

/** The TypeScript type of a shape's values. */
export type Infer<S> = S extends Shape<infer T> ? T : never;

/** Named shapes in wire order. */
export type Fields = Readonly<Record<string, Shape<unknown>>>;

/** The TypeScript type of a structure's values. */
export type StructOf<F extends Fields> = { [K in keyof F]: Infer<F[K]> };

/** The values of a structure whose shape is known at run time only, by the names of its fields. */
export type Values = Readonly<Record<string, unknown>>;

/** Grows as it is written to, up to `limit` bytes. */
export class XdrWriter {
  length: number;
  /** Name of the field being written, for error messages. */
  field = '';
  readonly #limit: number;
  #buffer: Buffer;
  #view: DataView;

  constructor(limit: number, reserve = 0) {
    this.#limit = limit;
    this.length = reserve;
    this.#buffer = Buffer.allocUnsafe(Math.max(256, reserve));
    this.#view = viewOf(this.#buffer);
  }

  /** Makes room for `bytes` more and returns where they start; may replace buffer and view. */
  #claim(bytes: number): number {
    const start = this.length;
    const end = start + bytes;
    if (end > this.#buffer.length) this.#grow(end);
    this.length = end;
    return start;
  }

  /** Makes room for bytes and their padding to a multiple of four, the padding zero. */
  #claimPadded(bytes: number): number {
    const start = this.#claim(bytes + (-bytes & 3));
    for (let at = start + bytes; at < this.length; at++) this.#buffer[at] = 0;
    return start;
  }

  #grow(end: number): void {
    if (end > this.#limit)
      throw new RpcError('too-large', `message exceeds ${this.#limit} bytes at field '${this.field}'`);
    const grown = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(end, this.#buffer.length * 2)));
    this.#buffer.copy(grown, 0, 0, this.length);
    this.#buffer = grown;
    this.#view = viewOf(grown);
  }

  int32(value: number): void {
    const at = this.#claim(4);
    this.#view.setInt32(at, value);
  }

  uint32(value: number): void {
    const at = this.#claim(4);
    this.#view.setUint32(at, value);
  }

  int64(value: bigint): void {
    const at = this.#claim(8);
    this.#view.setBigInt64(at, value);
  }

  uint64(value: bigint): void {
    const at = this.#claim(8);
    this.#view.setBigUint64(at, value);
  }

  double(value: number): void {
    const at = this.#claim(8);
    this.#view.setFloat64(at, value);
  }

  /** Bytes and their zero padding to a multiple of four; the length word is the caller's. */
  padded(bytes: Uint8Array): void {
    const start = this.#claimPadded(bytes.length);
    this.#buffer.set(bytes, start);
  }

  /** A length word, refused above `max`. */
  count(length: number, max: number, what: 'bytes' | 'entries'): void {
    if (length > max)
      throw new RpcError('too-large', `field '${this.field}' has ${length} ${what}, at most ${max} fit`);
    this.uint32(length);
  }

  text(value: string, max: number): void {
    const bytes = Buffer.byteLength(value);
    this.count(bytes, max, 'bytes');
    const start = this.#claimPadded(bytes);
    this.#buffer.write(value, start, bytes, 'utf8');
  }

  /** Bytes given as hexadecimal digits. */
  hex(digits: string): void {
    const at = this.#claim(digits.length / 2);
    this.#buffer.write(digits, at, 'hex');
  }

  /** Bytes as they are, without length or padding. */
  raw(bytes: Uint8Array): void {
    const at = this.#claim(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Writes a word at a place reserved before. */
  patchUint32(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  /** All that was written; shares memory with the writer. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }
}

/** Reads one buffer front to back; every length is compared with what is left before anything is allocated. */
export class XdrReader {
  offset: number;
  /** Name of the field being read, for error messages. */
  field = '';
  readonly #buffer: Buffer;
  readonly #view: DataView;

  constructor(buffer: Buffer, offset = 0) {
    this.#buffer = buffer;
    this.#view = viewOf(buffer);
    this.offset = offset;
  }

  get remaining(): number {
    return this.#buffer.length - this.offset;
  }

  #take(bytes: number): number {
    const start = this.offset;
    if (bytes > this.#buffer.length - start)
      throw this.fault(`needs ${bytes} bytes, ${this.#buffer.length - start} are left`);
    this.offset = start + bytes;
    return start;
  }

  /** An error that names the field being read. */
  fault(text: string): RpcError {
    return new RpcError('malformed', `field '${this.field}' at byte ${this.offset}: ${text}`);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** A length word, refused above `max` or when that many elements of `minBytes` cannot follow. */
  count(max: number, minBytes: number): number {
    const count = this.uint32();
    if (count > max) throw this.fault(`length ${count} exceeds ${max}`);
    if (count * minBytes > this.remaining)
      throw this.fault(`length ${count} needs ${count * minBytes} bytes, ${this.remaining} are left`);
    return count;
  }

  /** `length` bytes and their padding; a view of the frame, not a copy. */
  padded(length: number): Buffer {
    const start = this.#take(length + (-length & 3));
    return this.#buffer.subarray(start, start + length);
  }

  text(max: number): string {
    const length = this.count(max, 1);
    const start = this.#take(length + (-length & 3));
    return this.#buffer.toString('utf8', start, start + length);
  }

  /** Everything after the current position, as it is. */
  rest(): Buffer {
    return this.#buffer.subarray(this.offset);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function invalid(writer: XdrWriter, expected: string, value: unknown): RpcError {
  const shown = typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
  return new RpcError('invalid', `field '${writer.field}' must be ${expected}, not ${shown.slice(0, 80)}`);
}

/** A number of `bits` bits, always four bytes on the wire. */
function integer(notation: string, min: number, max: number): Shape<number> {
  const signed = min < 0;
  return {
    notation,
    minBytes: 4,
    encode(writer, value) {
      if (!Number.isInteger(value) || value < min || value > max)
        throw invalid(writer, `an integer from ${min} to ${max}`, value);
      if (signed) writer.int32(value);
      else writer.uint32(value);
    },
    decode(reader) {
      const value = signed ? reader.int32() : reader.uint32();
      if (value < min || value > max) throw reader.fault(`${value} is no ${notation}`);
      return value;
    },
  };
}

/** C's `int`: signed, 32 bits. */
export const int = integer('int', -0x80000000, 0x7fffffff);
/** C's `unsigned int`: 32 bits. */
export const uint = integer('uint', 0, 0xffffffff);
/** C's `unsigned char`: 0 to 255, in four bytes as every shorter integer. */
export const uchar = integer('uchar', 0, 0xff);
/** C's `signed char`: -128 to 127, in four bytes. */
export const char = integer('char', -0x80, 0x7f);
/** C's `unsigned short`: 0 to 65535, in four bytes. */
export const ushort = integer('ushort', 0, 0xffff);

function hyperOf(notation: string, fits: (value: bigint) => boolean, signed: boolean): Shape<bigint> {
  return {
    notation,
    minBytes: 8,
    encode(writer, value) {
      if (typeof value !== 'bigint' || !fits(value)) throw invalid(writer, `a 64-bit bigint`, value);
      if (signed) writer.int64(value);
      else writer.uint64(value);
    },
    decode: signed ? (reader) => reader.int64() : (reader) => reader.uint64(),
  };
}

/** A signed integer of 64 bits, a bigint however small it is. */
export const hyper = hyperOf('hyper', (value) => BigInt.asIntN(64, value) === value, true);
/** An unsigned integer of 64 bits, a bigint however small it is. */
export const uhyper = hyperOf('uhyper', (value) => BigInt.asUintN(64, value) === value, false);

/** A floating-point number of 64 bits, infinities and NaN among them. */
export const double: Shape<number> = {
  notation: 'double',
  minBytes: 8,
  encode(writer, value) {
    if (typeof value !== 'number') throw invalid(writer, 'a number', value);
    writer.double(value);
  },
  decode: (reader) => reader.double(),
};

/** UTF-8 text of at most `max` bytes; NUL is refused both ways, since C would end the string there. */
export function string(max: number): Shape<string> {
  return {
    notation: `string<${max}>`,
    minBytes: 4,
    encode(writer, value) {
      if (typeof value !== 'string' || value.includes('\0'))
        throw invalid(writer, 'a string without NUL', value);
      writer.text(value, max);
    },
    decode(reader) {
      const text = reader.text(max);
      if (text.includes('\0')) throw reader.fault('the string contains NUL');
      return text;
    },
  };
}

/** At most `max` bytes after their number; `put` writes them. */
function bytesOf(
  notation: string,
  max: number,
  put: (writer: XdrWriter, value: Uint8Array) => void,
  decode: (reader: XdrReader) => Buffer,
): Shape<Uint8Array> {
  return {
    notation,
    minBytes: 4,
    encode(writer, value) {
      if (!(value instanceof Uint8Array)) throw invalid(writer, 'a Uint8Array', value);
      writer.count(value.length, max, 'bytes');
      put(writer, value);
    },
    decode,
  };
}

/** At most `max` bytes. */
export function opaque(max: number): Shape<Uint8Array> {
  return bytesOf(
    `opaque<${max}>`,
    max,
    (writer, value) => writer.padded(value),
    (reader) => reader.padded(reader.count(max, 1)),
  );
}

const uuidForm = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Sixteen bytes on the wire, `6695eb01-f6a4-8304-79aa-97f2502e193f` here. */
export const uuid: Shape<string> = {
  notation: 'opaque[16]',
  minBytes: 16,
  encode(writer, value) {
    if (typeof value !== 'string' || !uuidForm.test(value)) throw invalid(writer, 'a UUID', value);
    writer.hex(value.replaceAll('-', ''));
  },
  decode(reader) {
    const hex = reader.padded(16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
};

function encodeChars(writer: XdrWriter, bytes: Uint8Array): void {
  // C's signed char is sign-extended into its four bytes.
  for (const byte of bytes) writer.int32((byte << 24) >> 24);
}

function decodeChars(reader: XdrReader, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count);
  for (let i = 0; i < count; i++) bytes[i] = reader.int32();
  return bytes;
}

/** C's `char x<max>`: bytes here, an array of four-byte integers on the wire. */
export function charBytes(max: number): Shape<Uint8Array> {
  return bytesOf(`char<${max}>`, max, encodeChars, (reader) => decodeChars(reader, reader.count(max, 4)));
}

function upToNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** C's `char x<max>` that holds text: written with its closing NUL, as libvirt does. */
export function charText(max: number): Shape<string> {
  const bytes = charBytes(max);
  return {
    notation: bytes.notation,
    minBytes: 4,
    encode(writer, value) {
      if (typeof value !== 'string' || value.includes('\0'))
        throw invalid(writer, 'a string without NUL', value);
      bytes.encode(writer, Buffer.from(`${value}\0`));
    },
    decode: (reader) => upToNul(decodeChars(reader, reader.count(max, 4))),
  };
}

/** C's `char x[size]` that holds text, filled up with NUL. */
export function fixedCharText(size: number): Shape<string> {
  return {
    notation: `char[${size}]`,
    minBytes: 4 * size,
    encode(writer, value) {
      const bytes = Buffer.alloc(size);
      if (typeof value !== 'string' || Buffer.byteLength(value) >= size)
        throw invalid(writer, `a string of less than ${size} bytes`, value);
      bytes.write(value);
      encodeChars(writer, bytes);
    },
    decode: (reader) => upToNul(decodeChars(reader, size)),
  };
}

/** A value of the shape `inner`, or null. */
export interface OptionalShape<T, S extends Shape<T>> extends Shape<T | null> {
  readonly inner: S;
}

/** A value or null. */
export function optional<T, S extends Shape<T>>(shape: S & Shape<T>): OptionalShape<T, S> {
  return {
    notation: `*${shape.notation}`,
    minBytes: 4,
    inner: shape,
    encode(writer, value) {
      if (value === null || value === undefined) return writer.uint32(0);
      writer.uint32(1);
      shape.encode(writer, value);
    },
    decode(reader) {
      const present = reader.uint32();
      if (present > 1) throw reader.fault(`${present} is no boolean`);
      return present === 0 ? null : shape.decode(reader);
    },
  };
}

/** Values of the shape `item`. */
export interface ListShape<T, S extends Shape<T>> extends Shape<T[]> {
  readonly item: S;
}

/** At most `max` values of one shape. */
export function list<T, S extends Shape<T>>(item: S & Shape<T>, max: number): ListShape<T, S> {
  return {
    notation: `${item.notation}<${max}>`,
    minBytes: 4,
    item,
    encode(writer, value) {
      if (!Array.isArray(value)) throw invalid(writer, 'an array', value);
      writer.count(value.length, max, 'entries');
      for (const entry of value) item.encode(writer, entry);
    },
    decode(reader) {
      const count = reader.count(max, item.minBytes);
      const values: T[] = [];
      for (let i = 0; i < count; i++) values.push(item.decode(reader));
      return values;
    },
  };
}

/** A structure, its fields in wire order. */
export interface StructShape<F extends Fields> extends Shape<StructOf<F>> {
  readonly fields: F;
}

/** Fields one after the other. */
export function struct<F extends Fields>(fields: F): StructShape<F> {
  const entries = Object.entries(fields);
  return {
    notation: `{${entries.map(([name, shape]) => `${name}:${shape.notation}`).join(',')}}`,
    minBytes: entries.reduce((sum, [, shape]) => sum + shape.minBytes, 0),
    fields,
    encode(writer, value) {
      if (typeof value !== 'object' || value === null) throw invalid(writer, 'an object', value);
      const record: Readonly<Record<string, unknown>> = value;
      for (const [name, shape] of entries) {
        writer.field = name;
        shape.encode(writer, record[name]);
      }
    },
    decode(reader) {
      const record: Record<string, unknown> = {};
      for (const [name, shape] of entries) {
        reader.field = name;
        record[name] = shape.decode(reader);
      }
      // The loop above has filled exactly the keys of `fields` with values of their shapes.
      return record as StructOf<F>;
    },
  };
}
