// A terminal's other screen for as long as something is shown there: keys one by one, and the first screen back however it ends.
// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { hasColour, type Io } from './io.js';

const SUSPEND = '\x1a';
const OPEN = '\x1b[?1049h\x1b[?25l';
const CLOSE = '\x1b[?25h\x1b[?1049l';

/** What a screen is drawn of, and what it is told. */
export interface LiveParts {
  /** All lines, none wider than the screen; one in inverse colours is the head of a table. */
  readonly draw: (size: { readonly columns: number; readonly rows: number }) => {
    readonly lines: readonly string[];
    readonly headAt?: number;
  };
  /** Of each key, or its sequence; returns whether that was all. */
  readonly key: (key: string) => boolean;
}

const keys = /\p{Cc}\[[0-9;]*[A-Za-z~]|\p{Cc}O[A-Z]|[\s\S]/gu;

const statusOf = (name: NodeJS.Signals): number => 128 + constants.signals[name];

/** Shown until it is closed. */
export class LiveScreen {
  readonly #isColoured: boolean;
  readonly #restore = (): void => void this.io.stdout.write(CLOSE);
  readonly #draw = (): void => this.draw();
  readonly #onInput = (chunk: Buffer | string): void => {
    const isAll = [...chunk.toString().matchAll(keys)].some(([key]) =>
      key === SUSPEND ? this.#suspend() : this.parts.key(key),
    );
    if (isAll) this.#end(0);
    else this.draw();
  };
  #end: (status: number) => void = () => undefined;
  #isOver = false;
  /** Shells set a terminal as they like it while this is stopped, whoever stopped it. */
  readonly #reopen = (): void => {
    this.#setRaw(false);
    this.#open();
    this.draw();
  };

  constructor(
    private readonly io: Io,
    private readonly parts: LiveParts,
  ) {
    this.#isColoured = hasColour(io.stdout, io.env);
  }

  /** Resolves with an exit status at a key or a signal that ends it; `update` is called at once and so often. */
  async run(update: () => Promise<void>, everyMs: number): Promise<number> {
    const { io } = this;
    const ended = new Promise<number>((resolve) => {
      this.#end = resolve;
    });
    const giveBack = io.onSignal?.((name) => this.#end(statusOf(name)));
    const interrupted = (): void => this.#end(statusOf('SIGINT'));
    io.signal.addEventListener('abort', interrupted);
    // Whatever else ends this process.
    process.once('exit', this.#restore);
    process.on('SIGCONT', this.#reopen);
    this.#open();
    const hasKeys = io.stdin.isTTY === true;
    if (hasKeys) io.stdin.on('data', this.#onInput);
    io.stdout.on('resize', this.#draw);
    let isUpdating = false;
    const work = (): void => {
      // A daemon that does not answer is asked once, and not every time.
      if (isUpdating) return;
      isUpdating = true;
      void update()
        .then(this.#draw)
        .finally(() => {
          isUpdating = false;
        });
    };
    work();
    const timer = setInterval(work, everyMs);
    try {
      return await ended;
    } finally {
      clearInterval(timer);
      io.stdout.off('resize', this.#draw);
      this.#end = () => undefined;
      this.#isOver = true;
      if (hasKeys) io.stdin.off('data', this.#onInput);
      process.off('SIGCONT', this.#reopen);
      this.#setRaw(false);
      if (hasKeys) io.stdin.pause();
      io.stdin.unref?.();
      io.signal.removeEventListener('abort', interrupted);
      giveBack?.();
      process.off('exit', this.#restore);
      this.#restore();
    }
  }

  #open(): void {
    this.io.stdout.write(OPEN);
    this.#setRaw(true);
  }

  #setRaw(isRaw: boolean): void {
    if (this.io.stdin.isTTY === true) this.io.stdin.setRawMode?.(isRaw);
  }

  /** As Ctrl-Z does anywhere else; where no shell could wake it, it goes on at once. */
  #suspend(): boolean {
    this.#restore();
    this.#setRaw(false);
    process.kill(process.pid, 'SIGTSTP');
    this.#reopen();
    return false;
  }

  draw(): void {
    if (this.#isOver) return;
    const { columns = 80, rows = 24 } = this.io.stdout;
    const { lines, headAt } = this.parts.draw({ columns: columns || 80, rows: rows || 24 });
    const shown = lines
      .slice(0, rows || 24)
      .map((line, at) =>
        at === headAt && this.#isColoured ? `\x1b[7m${line.padEnd(columns)}\x1b[0m` : line,
      );
    this.io.stdout.write(`\x1b[H${shown.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`);
  }
}
