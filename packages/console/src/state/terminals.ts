// Terminals of this page: what each shows comes from the daemon, which keeps it while the page is away.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type BrowserSession } from '@ctvirt/api/browser';
import { type Signal, signal } from '@preact/signals';
import { texts } from '../texts.js';
import { asApiError } from './asked.js';
import { daemon } from './daemon.js';
import { presence } from './session.js';
import { keepInTab } from './tab.js';
import { WholeCharacters } from './whole-characters.js';

/** A program of a domain, which is a shell, or its console. */
export type Kind = 'exec' | 'console';

/** How a terminal is. */
export type Standing =
  | { readonly kind: 'none' }
  | { readonly kind: 'opening' }
  | { readonly kind: 'open' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'over'; readonly status: number }
  | { readonly kind: 'failed'; readonly error: ApiError };

/** What draws it. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  write(bytes: Uint8Array, drawn: () => void): void;
  clear(): void;
}

/** A login shell by the domain's own list of users. */
const shell = ['/bin/sh', '-c', '[ -x "$SHELL" ] || export SHELL=/bin/sh; exec "$SHELL" -l'];

const firstWaitMs = 500;
const longestWaitMs = 4000;
/** The daemon keeps it for 60 seconds. */
const givesUpMs = 75_000;

const keptAs = (domain: string, kind: Kind): string => `ctvirt-terminal-${kind}-${domain}`;

/** One terminal, for as long as the page is there. */
export class HeldTerminal {
  readonly standing: Signal<Standing> = signal({ kind: 'none' });
  #session: BrowserSession | undefined;
  #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** So much of its output has come. */
  #received = 0;
  /** What a page that was reloaded is told again: answers to it were given then. */
  #pastTo = 0;
  #characters = new WholeCharacters();

  constructor(
    private readonly domain: string,
    private readonly kind: Kind,
    private readonly screen: Screen,
  ) {}

  /** Comes back to what was open in this tab before it was loaded anew; resolves with whether there is something. */
  async restore(): Promise<boolean> {
    const terminal = sessionStorage.getItem(keptAs(this.domain, this.kind));
    if (terminal === null) return false;
    await this.#begin(() => daemon.terminals.attach({ terminal, open: this.#size() }), true);
    return true;
  }

  /** Opens it; `force` takes a console from whoever has it. */
  async open(force = false): Promise<void> {
    this.screen.clear();
    this.#characters = new WholeCharacters();
    const { domain } = this;
    await this.#begin(() =>
      this.kind === 'console'
        ? daemon.domains.console({ domain, open: { keep: true, force, ...this.#size() } })
        : daemon.domains.exec({
            domain,
            open: {
              argv: shell,
              user: '0',
              tty: true,
              keep: true,
              env: { TERM: 'xterm-256color' },
              ...this.#size(),
            },
          }),
    );
  }

  /** What was typed or pasted. */
  type(text: string): void {
    this.send(new TextEncoder().encode(text));
  }

  /** The same as bytes, which may be no text. */
  send(bytes: Uint8Array): void {
    // What xterm answers to queries of the past was answered when they were asked.
    if (this.#received < this.#pastTo) return;
    this.#input?.write(bytes).catch(() => undefined); // its end tells more
  }

  /** Tells the size of its window, or whether there still is somebody to tell it. */
  resize(): void {
    this.#session?.resize(this.screen.columns, this.screen.rows);
  }

  /** Ends it. */
  end(): void {
    this.#session?.kill();
  }

  #size() {
    const { columns, rows } = this.screen;
    return { columns, rows };
  }

  async #begin(open: () => Promise<BrowserSession>, isRestored = false): Promise<void> {
    this.standing.value = { kind: 'opening' };
    try {
      this.#serve(await open(), isRestored);
    } catch (error) {
      this.#over(asApiError(error));
    }
  }

  #serve(session: BrowserSession, isRestored: boolean): void {
    this.#session = session;
    this.#input = session.stdin.getWriter();
    if (session.kept !== undefined) {
      this.#received = session.kept.from;
      this.#pastTo = isRestored ? session.kept.to : 0;
      keepInTab(keptAs(this.domain, this.kind), session.kept.terminal);
    }
    this.standing.value = { kind: 'open' };
    const isShown = this.#show(session);
    void session.exited.then(
      async (status) => {
        await isShown;
        this.#forget();
        this.standing.value = { kind: 'over', status };
      },
      async (error: unknown) => {
        const reason = asApiError(error);
        if (reason.code === 'unreachable') return await this.#comeBack(isShown);
        await isShown;
        this.#over(reason);
      },
    );
  }

  /**
   * All that has come is xterm's at once, never more than the daemon's window: it rests for some milliseconds after what it has, so that what
   * comes in small pieces would take seconds piece by piece.
   */
  async #show(session: BrowserSession): Promise<void> {
    const reader = session.stdout.getReader();
    let isDrawn = Promise.resolve();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return await isDrawn;
      const whole = this.#characters.take(value);
      isDrawn = new Promise((drawn) =>
        this.screen.write(whole, () => {
          this.#received += value.length;
          session.seen(value.length);
          drawn();
        }),
      );
    }
  }

  /** What had come before is drawn first: all after that is asked for. */
  async #comeBack(isShown: Promise<void>): Promise<void> {
    const terminal = this.#session?.kept?.terminal;
    this.#session = undefined;
    this.#input = undefined;
    this.standing.value = { kind: 'lost' };
    if (terminal === undefined) return;
    await isShown;
    const untilMs = performance.now() + givesUpMs;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      // The session's end was that of its terminals.
      if (presence.peek().kind !== 'in') return this.#over(new ApiError('no-session', texts.login.over));
      try {
        const open = { after: this.#received, ...this.#size() };
        return this.#serve(await daemon.terminals.attach({ terminal, open }), false);
      } catch (error) {
        const reason = asApiError(error);
        if (reason.code !== 'unreachable' || performance.now() > untilMs) return this.#over(reason);
      }
    }
  }

  #over(error: ApiError): void {
    this.#forget();
    this.standing.value = { kind: 'failed', error };
  }

  #forget(): void {
    this.#session = undefined;
    this.#input = undefined;
    sessionStorage.removeItem(keptAs(this.domain, this.kind));
  }
}
