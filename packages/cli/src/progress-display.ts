// A spinner or bar on stderr for what takes longer than a second, silent where nobody looks; or lines, for logs.
// SPDX-License-Identifier: Apache-2.0
import type { Progress } from '@ctvirt/api';
import type { Output } from './io.js';
import { printable } from './printable.js';
import { describeDuration } from './wording.js';

const showAfterMs = 1000;
const redrawMs = 100;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const barCells = 24;

/** One line that is drawn over itself after a second, unless it is cleared before; whoever makes one must clear it. */
export class ProgressDisplay {
  #progress: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #frame = 0;
  #isDrawn = false;

  constructor(
    private readonly output: Output,
    private readonly label: string,
    isWanted: boolean,
  ) {
    if (!isWanted || output.isTTY !== true) return;
    this.#timer = setTimeout(() => {
      this.#draw();
      this.#timer = setInterval(() => this.#draw(), redrawMs);
      this.#timer.unref();
    }, showAfterMs);
    this.#timer.unref();
  }

  update(progress: Progress): void {
    this.#progress = progress;
  }

  /** Out of the way of a line that is about to be written. */
  hide(): void {
    if (this.#isDrawn) this.output.write('\r\x1b[K');
    this.#isDrawn = false;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.hide();
  }

  #draw(): void {
    const frame = frames[this.#frame++ % frames.length];
    const line = printable(`${frame} ${this.label}${describeProgress(this.#progress)}`);
    this.output.write(`\r\x1b[K${[...line].slice(0, (this.output.columns ?? 80) - 1).join('')}`);
    this.#isDrawn = true;
  }
}

/** A line for each phase, and for each tenth of one. */
export class ProgressLines {
  #last = '';

  constructor(
    private readonly output: Output,
    private readonly label: string,
  ) {}

  update({ phase, done, total }: Progress): void {
    const tenths = total === undefined || total <= 0 ? undefined : Math.floor((done * 10) / total);
    const share = tenths === undefined ? '' : ` ${Math.min(Math.max(tenths, 0), 10) * 10} %`;
    const line = printable(`${this.label}: ${phase}${share}`);
    if (line === this.#last) return;
    this.#last = line;
    this.output.write(`${line}\n`);
  }

  hide(): void {
    // Lines are in nobody's way.
  }

  clear(): void {
    // Lines stay.
  }
}

/** The phase, and a bar where the whole is known. */
export function describeProgress(progress: Progress | undefined): string {
  if (progress === undefined) return '';
  const { phase, done, total, leftMs } = progress;
  if (total === undefined || total <= 0) return `: ${phase}`;
  const share = Math.min(Math.max(done / total, 0), 1);
  const full = Math.round(share * barCells);
  return `: ${phase} ${'█'.repeat(full)}${'░'.repeat(barCells - full)} ${Math.floor(share * 100)} %${leftWords(leftMs)}`;
}

const leftWords = (leftMs: number | undefined): string =>
  leftMs === undefined ? '' : `, ${describeDuration(Math.ceil(leftMs / 1000))} left`;

/** How far something is, in a few words; empty where nothing is known. */
export function progressWords(progress: Progress | null): string {
  if (progress === null) return '';
  const { phase, done, total, leftMs } = progress;
  if (total === undefined || total <= 0) return phase;
  return `${phase} ${Math.floor(Math.min(Math.max(done / total, 0), 1) * 100)} %${leftWords(leftMs)}`;
}
