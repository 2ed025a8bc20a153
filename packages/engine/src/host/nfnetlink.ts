// Adds elements to nftables' sets and takes them away by netlink: a fifth of a millisecond, where a run of nft takes four.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { EngineError } from '../errors.js';
import {
  ACK,
  ATTRIBUTE_HEADER,
  attribute,
  failure,
  HEADER,
  message,
  NETLINK_NETFILTER,
  NLMSG_ERROR,
  nested,
  numberOf,
  openNetlink,
  parts,
  REQUEST,
  receive,
  refusalOfMessage,
  send,
} from './netlink.js';
import { NetlinkWatch } from './netlink-watch.js';

const CHANGES_GROUP = 7;
const NEW_TABLE = 0;
const MSG_DONTWAIT = 0x40;

const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;
const SUBSYSTEM = 10;
const GET_TABLE = 1;
const changes = { add: 12, remove: 14 } as const;
const CREATE = 0x400;
/** A verdict. */
const GOTO = -4;
/** An attribute's length has 16 bits, and an element some fifty bytes. */
const ELEMENTS_EACH = 500;

const families = { inet: 1, arp: 3, bridge: 7 } as const;
/** Families of the engine's nftables tables. */
export type TableFamily = keyof typeof families;

/** An element of an nftables set. */
export interface SetElement {
  readonly family: TableFamily;
  readonly set: string;
  /** The key as the kernel compares it: each part of a concatenation fills whole words of 32 bits. */
  readonly key: Buffer;
  /** Of a set of ranges: the last key that it stands for. */
  readonly end?: Buffer | undefined;
  /** Of a map: the chain that its packets go to. */
  readonly goto?: string | undefined;
}

/**
 * One socket for as long as its owner lives: the kernel lets who closes one wait for what was removed by it, some 10 ms.
 * It is opened when it is first needed.
 */
export class Nftables implements Disposable {
  #fd: number | undefined;
  readonly #watch = new NetlinkWatch(NETLINK_NETFILTER, [CHANGES_GROUP]);
  /** Whether others changed a table between the time it was loaded and the time that was told. */
  readonly #afterLoad = new Map<string, boolean>();

  /** From now on `isChanged` knows what others do. */
  watch(): void {
    this.#watch.open();
  }

  /** Whether somebody else changed this table since the last time, as far as is known: 'unknown' where too much was told. */
  isChanged(table: string): boolean | 'unknown' {
    const found = this.#changeSince(table, false);
    const earlier = this.#afterLoad.get(table) ?? false;
    this.#afterLoad.delete(table);
    return found === false ? earlier : found;
  }

  /** nft has just put the table there, by a socket of its own; what others did before is undone, and after it is changed. */
  loaded(table: string): void {
    // Of a load that is more than is kept nothing is known, and neither would it be after the next.
    this.#afterLoad.set(table, this.#changeSince(table, true) === true);
  }

  #changeSince(table: string, isLoaded: boolean): boolean | 'unknown' {
    const told = this.#watch.take();
    if (told === undefined) return 'unknown';
    const name = text(table);
    const ours = told.filter(({ type, body }) => {
      if (type >> 8 !== SUBSYSTEM) return false;
      const [first] = parts(body, 4, body.length, ATTRIBUTE_HEADER);
      return first?.type === 1 && body.subarray(first.at + ATTRIBUTE_HEADER, first.end).equals(name);
    });
    const own = this.#fd === undefined ? 0 : numberOf(this.#fd);
    const makers = ours.flatMap(({ type, by }) => ((type & 0xff) === NEW_TABLE && by !== own ? [by] : []));
    // Which of several has loaded it is not told.
    if (isLoaded && new Set(makers).size > 1) return true;
    const loader = isLoaded ? makers[0] : undefined;
    const at = ours.findLastIndex(({ type, by }) => (type & 0xff) === NEW_TABLE && by === loader);
    return ours.slice(at + 1).some(({ by }) => by !== own && by !== loader);
  }

  /** All of them at one moment or none; returns the errno's name where the kernel refuses. */
  change(change: 'add' | 'remove', table: string, elements: readonly SetElement[]): string | undefined {
    if (elements.length === 0) return undefined;
    const flags = REQUEST | ACK | (change === 'add' ? CREATE : 0);
    const groups = new Map<string, SetElement[]>();
    for (const one of elements) {
      const name = `${one.family} ${one.set}`;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [one]);
      else group.push(one);
    }
    const all = [...groups.values()].flatMap((group) =>
      chunks(group, ELEMENTS_EACH).map((chunk) => changeOf(changes[change], flags, table, chunk)),
    );
    return this.#exchange(Buffer.concat([frame(BATCH_BEGIN), ...all, frame(BATCH_END)]));
  }

  /** Whether the kernel has this table now. */
  has(family: TableFamily, table: string): boolean {
    const body = [generic(families[family]), attribute(1, text(table))];
    const type = (SUBSYSTEM << 8) | GET_TABLE;
    return this.#exchange(message(type, REQUEST | ACK, Buffer.concat(body))) === undefined;
  }

  /** The kernel has answered everything by the time that it has taken the request. */
  #exchange(request: Buffer): string | undefined {
    this.#fd ??= openSocket();
    if (this.#fd === undefined || !send(this.#fd, request)) return failure();
    const answer = Buffer.alloc(1 << 16);
    let refusal: string | undefined;
    for (;;) {
      const length = receive(this.#fd, answer, MSG_DONTWAIT);
      if (length >= 0) {
        refusal ??= refusalIn(answer.subarray(0, length));
        continue;
      }
      const name = failure();
      if (name === 'EAGAIN') return refusal;
      throw new EngineError('host-command', `nftables gave no answer: ${name}`, {}, { errno: name });
    }
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function openSocket(): number | undefined {
  const fd = openNetlink(NETLINK_NETFILTER);
  return fd < 0 ? undefined : fd;
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}

function changeOf(type: number, flags: number, table: string, elements: readonly SetElement[]): Buffer {
  const [first] = elements;
  if (first === undefined) return Buffer.alloc(0);
  const body = [
    generic(families[first.family]),
    attribute(1, text(table)),
    attribute(2, text(first.set)),
    nested(3, ...elements.map((one) => nested(1, ...elementOf(one)))),
  ];
  return message((SUBSYSTEM << 8) | type, flags, Buffer.concat(body));
}

function elementOf({ key, end, goto: chain }: SetElement): Buffer[] {
  const code = Buffer.alloc(4);
  code.writeInt32BE(GOTO);
  return [
    nested(1, attribute(1, key)),
    ...(chain === undefined ? [] : [nested(2, nested(2, attribute(1, code), attribute(2, text(chain))))]),
    ...(end === undefined ? [] : [nested(10, attribute(1, end))]),
  ];
}

/** Begins or ends what is done at one moment. */
const frame = (type: number): Buffer => message(type, REQUEST, generic(0, SUBSYSTEM));

/** The head of each message about packets. */
export function generic(family: number, resource = 0): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt8(family, 0);
  bytes.writeUInt16BE(resource, 2);
  return bytes;
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

function refusalIn(answer: Buffer): string | undefined {
  for (const { at, type } of parts(answer, 0, answer.length, HEADER)) {
    const refusal = type === NLMSG_ERROR ? refusalOfMessage(answer, at) : undefined;
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
