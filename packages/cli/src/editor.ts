// A text edited in the person's own editor.
// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from './errors.js';
import type { Io } from './io.js';

/** A text in a file that only its owner may read, while it is being edited. */
export class EditedText {
  #keeps = false;
  #kept = 0;

  readonly file: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ctvirt-edit-'));
  // Whoever ends us by a signal is told nothing of a text either.
  readonly #remove = (): void => {
    if (!this.#keeps) rmSync(this.#folder, { recursive: true, force: true });
  };

  constructor(
    text: string,
    name: string,
    private readonly io: Io,
  ) {
    this.file = join(this.#folder, name);
    process.once('exit', this.#remove);
    writeFileSync(this.file, text, { mode: 0o600, flag: 'wx' });
  }

  /** Opens the editor and returns the text it leaves. */
  async edit(): Promise<string> {
    const [program = 'vi', ...args] = splitWords(editorOf(this.io.env));
    // Loaded here: every other verb starts faster without it.
    const { spawn } = await import('node:child_process');
    let giveBack: (() => void) | undefined;
    const status = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(program, [...args, this.file], { stdio: 'inherit' });
      // Of Ctrl-C the terminal tells the editor itself, which may go on.
      giveBack = this.io.onSignal?.((name) => name !== 'SIGINT' && child.kill(name));
      child.on('error', (cause) =>
        reject(new CliError('local', `cannot start the editor ${program}: ${cause.message}`)),
      );
      child.on('exit', resolve);
    }).finally(() => giveBack?.());
    if (status !== 0) throw new CliError('local', `the editor ${program} failed; nothing is changed`);
    return readFile(this.file, 'utf8');
  }

  /** Puts another text in its place; the one that is there is kept beside it, in the file that is answered. */
  replace(text: string): string {
    const aside = `${this.file}.${++this.#kept}`;
    renameSync(this.file, aside);
    this.#keeps = true;
    writeFileSync(this.file, text, { mode: 0o600, flag: 'wx' });
    return aside;
  }

  /** Leaves the file where it is when this ends. */
  keep(): string {
    this.#keeps = true;
    return this.file;
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#remove);
    this.#remove();
  }
}

const editorOf = (env: Io['env']): string =>
  [env['VISUAL'], env['EDITOR']].find((word) => word?.trim()) ?? 'vi';

/** Words as a shell would split them, quotes heeded; nothing else of a shell is done. */
export const splitWords = (text: string): readonly string[] =>
  [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );

/** Asks on stderr; returns the first letter, or `undefined` where nobody can answer. */
export async function ask(question: string, io: Io): Promise<string | undefined> {
  if (io.stdin.isTTY !== true) return undefined;
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: io.stdin, output: io.stderr });
  try {
    return (await prompt.question(question, { signal: io.signal })).trim().charAt(0).toLowerCase();
  } catch {
    return undefined; // Ctrl-C or Ctrl-D: no answer.
  } finally {
    prompt.close();
  }
}
