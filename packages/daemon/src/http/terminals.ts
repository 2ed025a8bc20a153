// Terminals that outlive their client: a lost one has a minute to come back to what it missed.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { outputWindowBytes, type Resources, type Terminal as Told } from '@ctvirt/api';
import { EngineError, type ExecSession } from '@ctvirt/engine';
import type { Door, SessionView, Visitor } from './door.js';
import type { Handlers, ServedSession } from './handler.js';
import { Output } from './output.js';
import { Refusal } from './refusal.js';

/** How long a terminal waits for its client, and how many there may be. */
export const terminalTerms = { leaseMs: 60_000, ofSession: 8, inAll: 64 } as const;

/** A program may have written so much that no client has shown: one more piece of it fits then. */
const pauseBytes = outputWindowBytes - 64 * 1024;

/** What a terminal is of. */
export type Named = Pick<Told, 'domain' | 'uuid' | 'kind' | 'program'>;

type Write = { readonly bytes: Buffer; readonly done: () => void };

/** Who opens one, and where he came in. */
interface Opener {
  readonly visitor: Visitor;
  readonly door: Door;
}

/** The terminals of all that come in, by whatever door. */
export class Terminals {
  readonly #all = new Map<string, Terminal>();
  /** Those that are being opened count. */
  readonly #opening = new Map<string | undefined, number>();

  constructor(private readonly leaseMs: number = terminalTerms.leaseMs) {}

  /** Opens one, which its visitor has at once; throws `busy` where there are too many. */
  async open(
    named: Named,
    { visitor, door }: Opener,
    begin: () => Promise<ExecSession>,
  ): Promise<ServedSession> {
    const owner = visitor.session?.id;
    this.#admit(owner);
    this.#opening.set(owner, (this.#opening.get(owner) ?? 0) + 1);
    try {
      const program = await begin();
      let release = (): void => undefined;
      const terminal = new Terminal(named, { owner, door }, program, this.leaseMs, () => {
        release();
        this.#all.delete(terminal.id);
      });
      this.#all.set(terminal.id, terminal);
      // Whoever ends the session ends what runs in it, looked at or not.
      release = this.#held(visitor, terminal);
      return terminal.attach({ by: owner, after: 0 });
    } finally {
      const left = (this.#opening.get(owner) ?? 1) - 1;
      if (left === 0) this.#opening.delete(owner);
      else this.#opening.set(owner, left);
    }
  }

  #held(visitor: Visitor, terminal: Terminal): () => void {
    try {
      return visitor.hold(() => terminal.end(), { isLong: false });
    } catch (error) {
      terminal.end();
      throw error instanceof Refusal ? new EngineError('busy', error.message) : error;
    }
  }

  /** A terminal of that session, or any to root; throws `not-found` of another session's, too. */
  find(id: string, session: SessionView | undefined): Terminal {
    const terminal = this.#all.get(id);
    if (terminal === undefined || !isHis(terminal, session))
      throw new EngineError(
        'not-found',
        `there is no terminal '${id}'${session === undefined ? '' : ' of this session'}: it is over, or was left for more than ${this.leaseMs / 1000} seconds`,
        { name: id },
      );
    return terminal;
  }

  /** Those of that session, or all to root, the oldest first. */
  list(session: SessionView | undefined): Told[] {
    return [...this.#all.values()].filter((one) => isHis(one, session)).map(({ told }) => told);
  }

  /** A door is closed. */
  endOf(door: Door): void {
    for (const terminal of this.#all.values()) if (terminal.opener.door === door) terminal.end();
  }

  #admit(owner: string | undefined): void {
    const { ofSession, inAll } = terminalTerms;
    this.#makeRoom(
      (of) => of === owner,
      () => this.#ownedBy(owner) < ofSession,
    );
    if (this.#ownedBy(owner) < ofSession)
      this.#makeRoom(
        () => true,
        () => this.#count() < inAll,
      );
    if (this.#ownedBy(owner) >= ofSession || this.#count() >= inAll)
      throw new EngineError(
        'busy',
        `${ofSession} terminals of a session are kept at once, and ${inAll} in all: end one, or leave one for a minute`,
      );
  }

  /** Those whose programs have ended only tell how, to a client that may never come. */
  #makeRoom(isMeant: (owner: string | undefined) => boolean, hasRoom: () => boolean): void {
    for (const terminal of this.#all.values()) {
      if (hasRoom()) return;
      if (terminal.isDone && isMeant(terminal.opener.owner)) terminal.end();
    }
  }

  #ownedBy(owner: string | undefined): number {
    const kept = [...this.#all.values()].filter((terminal) => terminal.opener.owner === owner).length;
    return kept + (this.#opening.get(owner) ?? 0);
  }

  #count(): number {
    return [...this.#opening.values()].reduce((sum, count) => sum + count, this.#all.size);
  }
}

/** Who has no session is root at the daemon's own socket, who may end any session anyway. */
const isHis = ({ opener }: Terminal, session: SessionView | undefined): boolean =>
  session === undefined || opener.owner === session.id;

/** Who comes to a terminal. */
interface Taking {
  /** A session, or root. */
  readonly by: string | undefined;
  /** How much of its output he has. */
  readonly after: number | undefined;
  /** Whether nobody may have it. */
  readonly free?: boolean | undefined;
}

/** A program or console that is kept while its client is away. */
class Terminal {
  readonly id = randomBytes(16).toString('hex');
  readonly #since = new Date();
  readonly #output = new Output(outputWindowBytes);
  #client: Client | undefined;
  #leftAt = this.#since;
  #seenTo = 0;
  #status: number | Error | undefined;
  #lease: NodeJS.Timeout | undefined;
  #isOver = false;
  #isWriting = false;
  #next: Write | undefined;

  constructor(
    private readonly named: Named,
    readonly opener: { readonly owner: string | undefined; readonly door: Door },
    private readonly program: ExecSession,
    private readonly leaseMs: number,
    private readonly onOver: () => void,
  ) {
    program.stdin.on('error', () => undefined); // a program that has ended takes no more
    program.stderr.resume();
    program.stdout.on('data', (chunk: Buffer) => this.#push(chunk));
    void this.#follow();
  }

  get told(): Told {
    const isAttached = this.#client !== undefined;
    return {
      id: this.id,
      ...this.named,
      session: this.opener.owner ?? null,
      since: this.#since.toISOString(),
      attached: isAttached,
      lookedAt: (isAttached ? new Date() : this.#leftAt).toISOString(),
      keptBytes: this.#output.end - this.#output.start,
      over: this.#status !== undefined,
    };
  }

  /** Whether its program has ended, and nobody is hearing of it. */
  get isDone(): boolean {
    return this.#status !== undefined && this.#client === undefined;
  }

  /** Gives it to a client; whoever had it loses it. */
  attach({ by, after, free = false }: Taking): ServedSession {
    if (free) this.#refuseTaken();
    clearTimeout(this.#lease);
    const where =
      by === this.opener.owner
        ? 'in another window of the same session'
        : 'on the host, by `ctvirt terminals --attach`';
    this.#client?.lose(new EngineError('interrupted', `this terminal was opened ${where}`));
    const from = Math.min(Math.max(after ?? 0, this.#output.start), this.#output.end);
    const client = new Client(by);
    this.#client = client;
    this.#next = undefined;
    this.#seenTo = from;
    client.push(this.#output.since(from));
    if (this.#status !== undefined) this.#tellEnd(client, this.#status);
    this.#paceOutput();
    return {
      stdin: new Writable({
        write: (bytes: Buffer, _encoding, done) => {
          if (this.#client === client) this.#write({ bytes, done: () => done() });
        },
      }),
      stdout: client.stdout,
      stderr: Readable.from([]),
      exited: client.exited,
      resize: (columns, rows) => this.program.resize(columns, rows),
      signal: (name) => this.program.signal(name),
      kill: () => this.program.kill(),
      kept: {
        told: { terminal: this.id, from, to: this.#output.end },
        seen: (bytes) => {
          if (this.#client !== client) return;
          // It can have shown no more than it was sent, whatever it says.
          const sentTo = this.#output.end - client.stdout.readableLength;
          this.#seenTo = Math.min(this.#seenTo + Math.max(bytes, 0), sentTo);
          this.#paceOutput();
        },
        leave: () => {
          if (this.#client === client) this.#leave();
        },
      },
    };
  }

  #refuseTaken(): void {
    if (this.#client === undefined) return;
    const { by } = this.#client;
    const who = by === undefined ? 'somebody on this host' : `session ${by}`;
    throw new EngineError(
      'in-use',
      `${who} looks at terminal ${this.id.slice(0, 12)}: --force takes it over`,
      {
        name: this.id,
      },
    );
  }

  /** Its program ends with it. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#lease);
    this.#client?.lose(new EngineError('interrupted', 'this terminal was ended'));
    this.#client = undefined;
    if (this.#status === undefined) this.program.kill();
    // What it wrote and nobody read would hold its descriptors for ever.
    this.program.stdout.destroy();
    this.onOver();
  }

  #leave(): void {
    this.#client = undefined;
    this.#next = undefined;
    this.#leftAt = new Date();
    this.#lease = setTimeout(() => this.end(), this.leaseMs);
  }

  #push(chunk: Buffer): void {
    this.#output.push(chunk);
    this.#client?.push(chunk);
    this.#paceOutput();
  }

  /** Whether or not somebody looks: what nobody has shown is never more than what can be told again. */
  #paceOutput(): void {
    if (this.#output.end - this.#seenTo >= pauseBytes) this.program.stdout.pause();
    else this.program.stdout.resume();
  }

  async #follow(): Promise<void> {
    const { stdout, exited } = this.program;
    const isRead = new Promise<void>((resolve) => {
      stdout
        .once('end', () => resolve())
        .once('close', () => resolve())
        .once('error', () => resolve());
    });
    const status = await exited.catch((error: Error) => error);
    await isRead;
    this.#status = status;
    if (this.#client !== undefined) this.#tellEnd(this.#client, status);
  }

  #tellEnd(client: Client, status: number | Error): void {
    if (typeof status === 'number') client.end(status);
    else client.lose(status);
  }

  /** One write at a time, whoever's: what a client that was lost had typed does not pile up. */
  #write(write: Write): void {
    this.#next = write;
    this.#writeNext();
  }

  #writeNext(): void {
    const write = this.#next;
    if (this.#isWriting || write === undefined) return;
    this.#next = undefined;
    this.#isWriting = true;
    this.program.stdin.write(write.bytes, () => {
      this.#isWriting = false;
      write.done();
      this.#writeNext();
    });
  }
}

/** One client of a terminal, as a session has it. */
class Client {
  readonly stdout = new Readable({ read: () => undefined, highWaterMark: outputWindowBytes });
  readonly exited: Promise<number>;
  end!: (status: number) => void;
  lose!: (error: Error) => void;

  constructor(readonly by: string | undefined) {
    this.exited = new Promise((resolve, reject) => {
      this.end = (status) => {
        this.stdout.push(null);
        resolve(status);
      };
      this.lose = (error) => {
        this.stdout.push(null);
        reject(error);
      };
    });
    this.exited.catch(() => undefined); // whoever serves it hears of it
  }

  push(bytes: Buffer): void {
    if (bytes.length > 0) this.stdout.push(bytes);
  }
}

/** The way back, what there is, and its end. */
export const bindTerminals = (terminals: Terminals): Handlers<Resources['terminals']> => ({
  list: ({ caller }) => terminals.list(caller.session),
  attach: async ({ params: { terminal }, caller }, { after, free, columns, rows }) => {
    const by = caller.session?.id;
    const found = terminals.find(terminal, caller.session).attach({ by, after, free });
    if (columns !== undefined && rows !== undefined) found.resize(columns, rows);
    return found;
  },
  end: ({ params: { terminal }, caller }) => {
    const found = terminals.find(terminal, caller.session);
    const { told } = found;
    found.end();
    return told;
  },
});
