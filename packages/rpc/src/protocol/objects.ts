// The structures that many procedures share: how objects are named, typed parameters, errors.
// SPDX-License-Identifier: Apache-2.0
import { RpcError } from '../errors.js';
import {
  double,
  type Fields,
  hyper,
  int,
  list,
  opaque,
  optional,
  type Shape,
  type StructShape,
  string,
  struct,
  uhyper,
  uint,
  uuid,
  type XdrReader,
  XdrWriter,
} from '../xdr.js';

/** The most bytes of one text. */
export const maxString = 4_194_304;
/** A text, as most fields have it. */
export const str = string(maxString);
/** A text, or null where none was given. */
export const optStr = optional(str);

/** The structure by which an object is named in calls; `kind` tells networks from pools for typed layers. */
export interface Reference<K extends string, F extends Fields> extends StructShape<F> {
  readonly kind: K;
}

function reference<K extends string, F extends Fields>(kind: K, fields: F): Reference<K, F> {
  return { ...struct(fields), kind };
}

/** `id` is -1 for a domain that is not running. */
export const domain = reference('domain', { name: str, uuid, id: int });
/** A network; both name and UUID are its alone. */
export const network = reference('network', { name: str, uuid });
/** A port of a network, by a UUID of its own. */
export const networkPort = reference('networkPort', { net: network, uuid });
/** A network filter; both name and UUID are its alone. */
export const nwfilter = reference('nwfilter', { name: str, uuid });
/** A network filter on an interface of the host, by the names of the two. */
export const nwfilterBinding = reference('nwfilterBinding', { portdev: str, filtername: str });
/** A network interface of the host; `mac` is its hardware address as text. */
export const hostInterface = reference('interface', { name: str, mac: str });
/** A storage pool; both name and UUID are its alone. */
export const storagePool = reference('storagePool', { name: str, uuid });
/** A volume; `pool` is the name of its pool, `key` tells it from all others. */
export const storageVol = reference('storageVol', { pool: str, name: str, key: str });
/** A device of the host, such as `pci_0000_00_1f_2`. */
export const nodeDevice = reference('nodeDevice', { name: str });
/** A secret; `usageType` and `usageId` tell what it is for. */
export const secret = reference('secret', { uuid, usageType: int, usageId: str });
/** A checkpoint, by a name that it has within its domain. */
export const domainCheckpoint = reference('domainCheckpoint', { name: str, dom: domain });
/** A snapshot, by a name that it has within its domain. */
export const domainSnapshot = reference('domainSnapshot', { name: str, dom: domain });

/** The kinds of objects, and how each is named on the wire. */
export const references = {
  domain,
  domainCheckpoint,
  domainSnapshot,
  interface: hostInterface,
  network,
  networkPort,
  nodeDevice,
  nwfilter,
  nwfilterBinding,
  secret,
  storagePool,
  storageVol,
};

/** The most objects of most kinds in one list. */
export const maxObjects = 16_384;
/** Names alone, as older procedures list objects. */
export const names = list(str, maxObjects);

/** Processors as bits, the first of them the lowest bit of the first byte. */
export const cpumap = opaque(2048);
/** Several `cpumap`s of one length, end to end. */
export const cpumaps = opaque(8_388_608);

/** What a typed parameter may hold, by the name of its type. */
export interface ParamValues {
  int: number;
  uint: number;
  llong: bigint;
  ullong: bigint;
  double: number;
  boolean: boolean;
  string: string;
}

type ParamType = keyof ParamValues;

/** A value with its type, as typed parameters carry them. */
export type TypedValue<T extends ParamType = ParamType> = {
  [P in T]: { type: P; value: ParamValues[P] };
}[T];

/** One named value, as tuning and statistics calls carry them. */
export type TypedParam<T extends ParamType = ParamType> = { field: string } & TypedValue<T>;

const boolean: Shape<boolean> = {
  notation: 'int',
  minBytes: 4,
  encode: (writer, value) => int.encode(writer, value ? 1 : 0),
  decode: (reader) => int.decode(reader) !== 0,
};

/** One arm of the union in a typed parameter. */
interface Arm<T extends ParamType = ParamType> {
  readonly type: T;
  readonly shape: Shape<ParamValues[T]>;
  decode(reader: XdrReader, field: string): TypedParam<T>;
}

function arm<T extends ParamType>(type: T, shape: Shape<ParamValues[T]>): Arm<T> {
  return { type, shape, decode: (reader, field) => ({ field, type, value: shape.decode(reader) }) };
}

/** Place + 1 is an arm's number on the wire. */
const arms: readonly Arm[] = [
  arm('int', int),
  arm('uint', uint),
  arm('llong', hyper),
  arm('ullong', uhyper),
  arm('double', double),
  arm('boolean', boolean),
  arm('string', str),
];

const placeOf = new Map(arms.map(({ type }, place) => [type, place]));

/** Field names with the number of their type, encoded: the same few come again for every domain. */
const heads: Map<string, Buffer>[] = arms.map(() => new Map());
const mostHeads = 1024;

/** The part of a parameter before its value. */
function headOf(writer: XdrWriter, field: string, place: number): Buffer {
  const known = heads[place]?.get(field);
  if (known !== undefined) return known;
  const own = new XdrWriter(2 * maxString);
  own.field = writer.field;
  str.encode(own, field);
  own.int32(place + 1);
  const head = own.bytes();
  const cache = heads[place];
  if (cache !== undefined && cache.size < mostHeads && head.length < 128) cache.set(field, head);
  return head;
}

/** Field name, type number, value. */
export const typedParam: Shape<TypedParam> = {
  notation: `{field:${str.notation},value:(${arms.map(({ shape }, at) => `${at + 1}:${shape.notation}`).join('|')})}`,
  minBytes: 12,
  encode(writer, param) {
    writer.field = 'field';
    const place = placeOf.get(param.type);
    const shape = place === undefined ? undefined : arms[place]?.shape;
    if (place === undefined || shape === undefined)
      throw new RpcError('invalid', `parameter '${param.field}' has no known type`);
    writer.raw(headOf(writer, param.field, place));
    writer.field = param.field;
    shape.encode(writer, param.value);
  },
  decode(reader) {
    reader.field = 'field';
    const field = str.decode(reader);
    reader.field = field;
    const number = reader.int32();
    const found = arms[number - 1];
    if (found === undefined) throw reader.fault(`${number} is no type of a parameter`);
    return found.decode(reader, field);
  },
};

/** At most `max` typed parameters. */
export function typedParams(max: number) {
  return list(typedParam, max);
}

/** libvirt's error; `dom` and `net` are always null in what libvirtd sends. */
export const remoteError = struct({
  code: int,
  domain: int,
  message: optStr,
  level: int,
  dom: optional(domain),
  str1: optStr,
  str2: optStr,
  str3: optStr,
  int1: int,
  int2: int,
  net: optional(network),
});

/** What follows a header of type `streamHole`. */
export const streamHole = struct({ length: hyper, flags: uint });
