// libvirt's C code as the other side: a Python process that is asked to define or to describe so many times.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export function startLibvirt() {
  const script = new URL('time-libvirt.py', import.meta.url).pathname;
  const child = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /**
     * Milliseconds of one call: `define` reads a document, `describe` writes it.
     *
     * @param {'define' | 'describe'} what
     * @param {string} text
     * @param {number} count
     */
    async time(what, text, count) {
      child.stdin.write(`${JSON.stringify([what, text, count])}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error('the Python process ended');
      return Number(value) * 1000;
    },
    stop() {
      child.stdin.end();
    },
  };
}
