// Links, sessions and tokens: who may come in, as what, and until when. Of each secret only its digest is kept.
// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { WebSession } from '@ctvirt/api';
import { EngineError } from '@ctvirt/engine';
import type { Holding } from '../http/door.js';
import { Refusal } from '../http/refusal.js';

/** How long a link is good, and a session at most, and one that is not used; how many there may be, and things open in one. */
export const terms = {
  linkMs: 60_000,
  sessionMs: 12 * 3_600_000,
  idleMs: 30 * 60_000,
  sessions: 32,
  triesPerSecond: 10,
  open: 64,
} as const;

/** Nobody's watch is set back by more without a session being over. */
const clockSlackMs = 60_000;

type SessionRole = WebSession['role'];

/** What is kept of a session or token on disk. */
export interface KeptSession {
  readonly id: string;
  readonly role: SessionRole;
  readonly createdMs: number;
  readonly untilMs: number;
  readonly usedMs: number;
  /** Digests in hex: of the key or token, and of the cookie, which a token has not. */
  readonly key: string;
  readonly cookie: string | null;
}

/** A link, a session or a token. */
export interface Entry {
  readonly id: string;
  readonly role: SessionRole;
  state: WebSession['state'];
  readonly createdMs: number;
  readonly untilMs: number;
  usedMs: number | undefined;
  key: Buffer;
  cookie: Buffer | undefined;
  /** What goes on in it. */
  readonly open: Set<Open>;
}

interface Open extends Holding {
  readonly end: () => void;
}

/** What was handed out, whose secrets are told this once. */
export interface Handed {
  readonly id: string;
  readonly role: SessionRole;
  readonly untilMs: number;
  readonly secret: string;
}

/** Where sessions and tokens outlive the daemon. */
export interface SessionStore {
  /** Resolves when all of it is kept. */
  write(kept: readonly KeptSession[]): Promise<void>;
}

const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
const newSecret = (): string => randomBytes(32).toString('base64url');
const isSame = (secret: string, digest: Buffer | undefined): boolean =>
  digest !== undefined && timingSafeEqual(digestOf(secret), digest);

/** The id and the secret of a key or token. */
function partsOf(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = /^([0-9a-f]{8})\.([\w-]{43})$/.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Every way in there is. */
export class WebSessions {
  readonly #entries = new Map<string, Entry>();
  #tries: number[] = [];
  #emptySince: number;
  #isUsed = false;

  constructor(
    private readonly store: SessionStore,
    kept: readonly KeptSession[],
    private readonly now: () => number = Date.now,
  ) {
    this.#emptySince = now();
    for (const { id, role, createdMs, untilMs, usedMs, key, cookie } of kept)
      this.#entries.set(id, {
        id,
        role,
        state: cookie === null ? 'token' : 'open',
        createdMs,
        untilMs,
        usedMs,
        key: Buffer.from(key, 'hex'),
        cookie: cookie === null ? undefined : Buffer.from(cookie, 'hex'),
        open: new Set(),
      });
    this.#dropOver();
  }

  /** For how long nobody could come in by now; undefined while somebody can. */
  get emptyMs(): number | undefined {
    return this.#entries.size === 0 ? this.now() - this.#emptySince : undefined;
  }

  /** A link that is good once. */
  newLink(role: SessionRole, lengthMs: number): Handed {
    return this.#add('link', role, Math.min(lengthMs, terms.sessionMs));
  }

  /** A token for a program, which has no other half. */
  async newToken(role: SessionRole, lengthMs: number): Promise<Handed> {
    const handed = this.#add('token', role, lengthMs);
    await this.#keepOrDrop(handed.id);
    return { ...handed, secret: `${handed.id}.${handed.secret}` };
  }

  #add(state: WebSession['state'], role: SessionRole, lengthMs: number): Handed {
    this.#dropOver();
    if (this.#entries.size >= terms.sessions)
      throw new EngineError(
        'busy',
        `${terms.sessions} may come in or are in already: ctvirt web --list shows them, and ctvirt web --revoke ID ends one`,
      );
    const [id, secret, createdMs] = [this.#newId(), newSecret(), this.now()];
    const untilMs = createdMs + lengthMs;
    this.#entries.set(id, {
      ...{ id, role, state, createdMs, untilMs },
      usedMs: undefined,
      key: digestOf(secret),
      cookie: undefined,
      open: new Set(),
    });
    return { id, role, untilMs, secret };
  }

  #newId(): string {
    for (;;) {
      const id = randomBytes(4).toString('hex');
      if (!this.#entries.has(id)) return id;
    }
  }

  /** Makes a session of a link; throws a Refusal. */
  async enter(secret: string): Promise<Handed & { readonly cookie: string; readonly leftMs: number }> {
    this.#dropOver();
    const digest = digestOf(secret);
    // All of them, so that the time it takes tells nothing.
    const [entry] = [...this.#entries.values()].filter(
      ({ state, key }) => timingSafeEqual(digest, key) && state === 'link',
    );
    if (entry === undefined) throw this.#wrong();
    const { id, role, untilMs } = entry;
    const [key, cookie] = [newSecret(), newSecret()];
    entry.state = 'open';
    entry.usedMs = this.now();
    entry.key = digestOf(key);
    entry.cookie = digestOf(cookie);
    await this.#keepOrDrop(id);
    return { id, role, untilMs, secret: `${id}.${key}`, cookie, leftMs: untilMs - this.now() };
  }

  /** What is told to a try that is wrong: that alone is counted, so that nobody keeps out who has a link by guessing. */
  #wrong(): Refusal {
    const nowMs = performance.now();
    this.#tries = this.#tries.filter((at) => nowMs - at < 1000);
    if (this.#tries.length >= terms.triesPerSecond)
      return new Refusal(429, 'busy', 'too many have tried to come in just now: try again in a second');
    this.#tries.push(nowMs);
    return new Refusal(
      401,
      'no-session',
      'this link is good once, for 60 seconds, and was used or is over: ctvirt web makes another',
    );
  }

  /** The session of these two halves, if there is one; others may have set more cookies of its name. */
  find(key: string, cookiesOf: (id: string) => readonly string[]): Entry | undefined {
    const parts = partsOf(key);
    const entry = parts && this.#entries.get(parts.id);
    if (parts === undefined || entry === undefined) return undefined;
    const isKey = isSame(parts.secret, entry.key);
    const isCookie = cookiesOf(parts.id).some((cookie) => isSame(cookie, entry.cookie));
    return isKey && isCookie ? this.#used(entry) : undefined;
  }

  /** The program that has this token, if there is one. */
  findToken(token: string): Entry | undefined {
    const parts = partsOf(token);
    const entry = parts && this.#entries.get(parts.id);
    if (parts === undefined || entry === undefined) return undefined;
    return isSame(parts.secret, entry.key) && entry.state === 'token' ? this.#used(entry) : undefined;
  }

  #used(entry: Entry): Entry | undefined {
    this.#dropOver();
    if (!this.#entries.has(entry.id)) return undefined;
    entry.usedMs = this.now();
    this.#isUsed = true;
    return entry;
  }

  /** Whether it is a way in still. */
  isIn(entry: Entry): boolean {
    this.#dropOver();
    return this.#entries.get(entry.id) === entry;
  }

  /** Counts something that goes on as use; `end` is called when the session is over. Throws a Refusal. */
  hold(entry: Entry, end: () => void, { isLong }: Holding): () => void {
    if (isLong && [...entry.open].filter((one) => one.isLong).length >= terms.open)
      throw new Refusal(429, 'busy', `${terms.open} streams and terminals are open in this session`);
    const open: Open = { end, isLong };
    entry.open.add(open);
    return () => {
      if (!entry.open.delete(open)) return;
      entry.usedMs = this.now();
      this.#isUsed = true;
    };
  }

  list(): WebSession[] {
    this.#dropOver();
    return [...this.#entries.values()].map(toldOf);
  }

  /** What is told of a session that is there. */
  get(id: string): WebSession {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new EngineError('not-found', `nobody may come in as '${id}'`, { name: id });
    return toldOf(entry);
  }

  /** Ends one and what is open in it. */
  async revoke(id: string): Promise<WebSession> {
    this.#dropOver();
    const told = this.get(id);
    this.#drop(id);
    await this.#keep();
    return told;
  }

  /** Ends all of browsers; a token is its program's for years, which nobody is there to give another. */
  async endSessions(): Promise<void> {
    for (const { id, state } of [...this.#entries.values()]) if (state !== 'token') this.#drop(id);
    await this.#keep();
  }

  /** Drops what is over, and keeps when the others were last used, if they were. */
  async sweep(): Promise<void> {
    if (!this.#dropOver() && !this.#isUsed) return;
    this.#isUsed = false;
    await this.#keep();
  }

  #dropOver(): boolean {
    const nowMs = this.now();
    const over = [...this.#entries.values()].filter((entry) => isOver(entry, nowMs));
    for (const { id } of over) this.#drop(id);
    return over.length > 0;
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    for (const { end } of entry?.open ?? []) end();
    this.#emptySince = this.now();
  }

  /** A session that would not be there after the daemon's next start is none. */
  async #keepOrDrop(id: string): Promise<void> {
    try {
      await this.#keep();
    } catch (error) {
      this.#drop(id);
      throw error;
    }
  }

  async #keep(): Promise<void> {
    const kept = [...this.#entries.values()].filter(({ state }) => state !== 'link');
    await this.store.write(
      kept.map(({ id, role, createdMs, untilMs, usedMs, key, cookie }) => ({
        ...{ id, role, createdMs, untilMs, usedMs: usedMs ?? createdMs },
        key: key.toString('hex'),
        cookie: cookie?.toString('hex') ?? null,
      })),
    );
  }
}

function isOver({ state, createdMs, untilMs, usedMs, open }: Entry, nowMs: number): boolean {
  if (nowMs >= untilMs || nowMs < createdMs - clockSlackMs) return true;
  if (state === 'link') return nowMs >= createdMs + terms.linkMs;
  return state === 'open' && open.size === 0 && nowMs >= (usedMs ?? createdMs) + terms.idleMs;
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

const toldOf = ({ id, role, state, createdMs, untilMs, usedMs }: Entry): WebSession => ({
  id,
  role,
  state,
  createdAt: timeOf(createdMs),
  expiresAt: timeOf(untilMs),
  lastUsedAt: usedMs === undefined ? null : timeOf(usedMs),
});
