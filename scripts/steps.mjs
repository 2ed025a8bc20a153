// Steps of a long command: each shown while it runs, with its time when done, and with its last words when it fails.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';

const live = process.stderr.isTTY === true;
const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** Tells where a step is. @typedef {(text: string) => void} Note */

export class StepError extends Error {}

/**
 * Runs `work`, which may report where it is by calling `note(text)`.
 *
 * @template T
 * @param {string} title
 * @param {(note: Note) => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const began = performance.now();
  let noted = '';
  let frame = 0;
  // A serial console says 0.
  const width = () => (process.stderr.columns || 80) - 1;
  const draw = () => {
    const line = `${frames[frame++ % frames.length]} ${title}${noted === '' ? '' : ` · ${noted}`}`;
    process.stderr.write(`\r\x1b[K${line.slice(0, width())}`);
  };
  if (!live) process.stderr.write(`· ${title} …\n`);
  const timer = setInterval(
    live ? draw : () => noted !== '' && process.stderr.write(`  ${noted}\n`),
    live ? 100 : 15_000,
  );
  try {
    const result = await work((text) => {
      noted = text;
    });
    process.stderr.write(
      `${live ? '\r\x1b[K' : ''}✓ ${title} (${((performance.now() - began) / 1000).toFixed(1)} s)\n`,
    );
    return result;
  } catch (error) {
    process.stderr.write(`${live ? '\r\x1b[K' : ''}✗ ${title}\n`);
    throw new StepError(`${title} failed:\n${messageOf(error)}`, { cause: error });
  } finally {
    clearInterval(timer);
  }
}

/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** What a script that fails ends with: a step has said it in words, of anything else the place helps. @param {unknown} error */
export const reportOf = (error) =>
  error instanceof Error && !(error instanceof StepError) && error.stack !== undefined
    ? error.stack
    : messageOf(error);

/**
 * Whether it is an error of that code, the system's or the daemon's.
 *
 * @param {unknown} error
 * @param {string} code
 */
export const hasCode = (error, code) => error instanceof Error && 'code' in error && error.code === code;

/**
 * Runs a program to its end; its last line is what the step notes, its last twenty what a failure shows.
 *
 * @param {readonly string[]} argv
 * @param {Note} [note]
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} what it wrote to its standard output
 */
export function command(argv, note = () => undefined, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    /** @type {string[]} */
    const lines = [];
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      for (const line of String(chunk).split(/[\r\n]+/)) {
        if (line.trim() === '') continue;
        lines.push(line);
        if (lines.length > 20) lines.shift();
        note(line.trim());
      }
    };
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      take(chunk);
    });
    child.stderr.on('data', take);
    child.on('error', (error) => reject(new Error(`cannot run ${argv[0]}: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else
        reject(
          new Error(
            `${argv.join(' ')} ended with status ${code}\n${lines.map((line) => `  ${line}`).join('\n')}`,
          ),
        );
    });
  });
}
