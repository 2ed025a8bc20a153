// Steps of a long command: each shown while it runs, with its time when done, and with its last words when it fails.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';

const live = process.stderr.isTTY === true;
const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

export class StepError extends Error {}

/** Runs `work`, which may report where it is by calling `note(text)`. */
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
    throw new StepError(`${title} failed:\n${error.message}`, { cause: error });
  } finally {
    clearInterval(timer);
  }
}

/** Runs a program to its end; its last line is what the step notes, its last twenty what a failure shows. */
export function command(argv, note = () => {}, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const lines = [];
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
