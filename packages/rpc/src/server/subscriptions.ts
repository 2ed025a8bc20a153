// Which events one client has asked for, with callback ids or in the older way without.
// SPDX-License-Identifier: Apache-2.0

import type { RpcError } from '../errors.js';
import type { EventKind } from '../event-kinds.js';
import { remote } from '../protocol/index.js';
import { eventKindNames, eventKinds } from '../protocol/messages.js';
import type { Message } from '../protocol/row.js';
import { libvirtError } from '../remote-error.js';

/** One event of one kind: its messages with and without callback id. */
export interface EventRow {
  readonly kind: EventKind;
  readonly name: string;
  readonly id: number;
  readonly message: Message;
  readonly legacy: Message | undefined;
}

const messages: Readonly<Record<string, Message>> = remote.messages;

interface EventSpec {
  readonly id: number;
  readonly message: string;
  readonly legacy: string | undefined;
}

const rows: readonly EventRow[] = eventKindNames.flatMap((kind) =>
  Object.entries<EventSpec>(eventKinds[kind].events).flatMap(
    ([name, { id, message, legacy }]): EventRow[] => {
      const row = messages[message];
      const older = legacy === undefined ? undefined : messages[legacy];
      return row === undefined ? [] : [{ kind, name, id, message: row, legacy: older }];
    },
  ),
);

/** The row of an event by kind and name. */
export function eventRow(kind: EventKind, name: string): EventRow | undefined {
  return rows.find((row) => row.kind === kind && row.name === name);
}

function refuse(message: string): RpcError {
  return libvirtError('internalError', 'rpc', `internal error: ${message}`);
}

function rowById(kind: EventKind, id: number): EventRow {
  const row = rows.find((candidate) => candidate.kind === kind && candidate.id === id);
  if (row === undefined) throw refuse(`unsupported event ID ${id}`);
  return row;
}

/** What tells an event's object from others of its kind. */
function identityOf(subject: unknown): string | undefined {
  if (typeof subject !== 'object' || subject === null) return undefined;
  if ('uuid' in subject && typeof subject.uuid === 'string') return subject.uuid;
  return 'name' in subject && typeof subject.name === 'string' ? subject.name : undefined;
}

interface Subscription {
  readonly row: EventRow;
  readonly subject: string | undefined;
}

/** The registrations of one client. */
export class Subscriptions {
  readonly #limit: number;
  readonly #nextId: () => number;
  readonly #byId = new Map<number, Subscription>();
  readonly #legacy = new Set<EventRow>();

  constructor(limit: number, nextId: () => number) {
    this.#limit = limit;
    this.#nextId = nextId;
  }

  /** The row of an event a client may register. */
  find(kind: EventKind, id: number): EventRow {
    if (this.#byId.size >= this.#limit) throw refuse(`more than ${this.#limit} event registrations`);
    return rowById(kind, id);
  }

  /** Registers an event of all objects or of one; returns the callback id. */
  add(row: EventRow, subject: unknown): number {
    const id = this.#nextId();
    this.#byId.set(id, { row, subject: identityOf(subject) });
    return id;
  }

  remove(kind: EventKind, id: number): void {
    if (this.#byId.get(id)?.row.kind !== kind) throw refuse(`${kind} event callback ${id} not registered`);
    this.#byId.delete(id);
  }

  addLegacy(id: number): void {
    const row = rowById('domain', id);
    if (row.legacy === undefined) throw refuse(`unsupported event ID ${id}`);
    this.#legacy.add(row);
  }

  removeLegacy(id: number): void {
    if (!this.#legacy.delete(rowById('domain', id))) throw refuse(`domain event ${id} not registered`);
  }

  /** The callback ids an event of this subject goes to; `undefined` stands for the message without one. */
  *targets(row: EventRow, subject: unknown): Generator<number | undefined> {
    if (this.#legacy.has(row)) yield undefined;
    const identity = identityOf(subject);
    for (const [id, subscription] of this.#byId)
      if (subscription.row === row && (subscription.subject ?? identity) === identity) yield id;
  }
}
