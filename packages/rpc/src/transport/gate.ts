// Who is let in at a listener: how many connections, how many of one peer, and how long each may say nothing.
// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';

/** How many connections a gate lets in, and how long it bears with silence. */
export interface GateOptions {
  /** Connections at once. */
  readonly most: number;
  /** Of these, those of one peer; one without a name is not counted. */
  readonly mostOfPeer: number;
  /** Of all, those that have not said yet what they want. */
  readonly mostSilent: number;
  /** How long each of them may take to say it. */
  readonly silentMs: number;
}

/** What a gate goes by where its options say nothing: half of all connections may be one peer's. */
export const defaultGate: GateOptions = { most: 5000, mostOfPeer: 2500, mostSilent: 256, silentMs: 30_000 };

interface Guest {
  readonly socket: Socket;
  readonly peer: string | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** A place of somebody who was let in. */
export interface Seat {
  /** Who sits there has said what it wants, and may stay. */
  settle(): void;
  /** It is nobody's that may stay any more, as it was at first. */
  doubt(): void;
}

/**
 * Counts raw connections, from their first moment. When too many are silent, the oldest of the peer with the most of
 * them makes room: whoever speaks at once gets in, however many others hold their tongue.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #inside = new Set<Guest>();
  /** Those who have not said yet what they want, in the order of their arrival. */
  readonly #silent = new Set<Guest>();
  readonly #ofPeer = new Map<string, number>();

  constructor(options: Partial<GateOptions> = {}) {
    this.#options = { ...defaultGate, ...options };
  }

  /** Connections at this moment. */
  get count(): number {
    return this.#inside.size;
  }

  /** Whether it was let in; otherwise it is closed. `settle` is to be called when the client has said what it wants. */
  admit(socket: Socket, peer?: string): Seat | undefined {
    const { most, mostOfPeer, mostSilent } = this.#options;
    // Nobody else may listen yet, and an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy());
    if (peer !== undefined && this.#held(peer) >= mostOfPeer && !this.#makeRoom(peer))
      return void socket.destroy();
    const isFull = this.#inside.size >= most;
    if ((isFull || this.#silent.size >= mostSilent) && !this.#makeRoom() && isFull)
      return void socket.destroy();
    const guest: Guest = { socket, peer, timer: undefined };
    this.#inside.add(guest);
    this.#bear(guest);
    if (peer !== undefined) this.#ofPeer.set(peer, this.#held(peer) + 1);
    socket.once('close', () => this.#leave(guest));
    return { settle: () => this.#settle(guest), doubt: () => this.#doubt(guest) };
  }

  /** Closes those that have not said yet what they want: nobody waits for them. */
  dismissSilent(): void {
    for (const guest of this.#silent) this.#expel(guest);
  }

  #held = (peer: string): number => this.#ofPeer.get(peer) ?? 0;

  /** Closes a silent connection of the peer, or of the one with the most of them; false if there is none. */
  #makeRoom(peer?: string): boolean {
    const oldest = new Map<string | undefined, { guest: Guest; count: number }>();
    for (const guest of this.#silent) {
      const known = oldest.get(guest.peer);
      if (known === undefined) oldest.set(guest.peer, { guest, count: 1 });
      else known.count++;
    }
    const candidates = peer === undefined ? [...oldest.values()] : [oldest.get(peer)];
    const [greediest] = candidates.sort((a, b) => (b?.count ?? 0) - (a?.count ?? 0));
    if (greediest === undefined) return false;
    this.#expel(greediest.guest);
    return true;
  }

  #expel(guest: Guest): void {
    this.#leave(guest);
    guest.socket.destroy();
  }

  /** For so long and no longer. */
  #bear(guest: Guest): void {
    guest.timer = setTimeout(() => this.#expel(guest), this.#options.silentMs).unref();
    this.#silent.add(guest);
  }

  #doubt(guest: Guest): void {
    // Who is borne with is not for longer because it asks again.
    if (!this.#inside.has(guest) || this.#silent.has(guest)) return;
    if (this.#silent.size >= this.#options.mostSilent) this.#makeRoom();
    this.#bear(guest);
  }

  #settle(guest: Guest): void {
    clearTimeout(guest.timer);
    this.#silent.delete(guest);
  }

  #leave(guest: Guest): void {
    this.#settle(guest);
    if (!this.#inside.delete(guest) || guest.peer === undefined) return;
    const left = this.#held(guest.peer) - 1;
    if (left > 0) this.#ofPeer.set(guest.peer, left);
    else this.#ofPeer.delete(guest.peer);
  }
}
