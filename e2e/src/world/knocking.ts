// A client that connects to an address all the time, and knows for how long nobody answered.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Says the moment of each answer, in milliseconds by the clock that nobody sets, and of how late it was itself with asking. */
const client = `
const { connect } = require('node:net');
const [host, port] = process.argv.slice(1);
let due = performance.now();
const knock = () => {
  const late = performance.now() - due;
  if (late > 20) process.stdout.write('late ' + late.toFixed(1) + '\\n');
  due = Math.max(due + 10, performance.now());
  setTimeout(knock, due - performance.now());
  const socket = connect({ host, port });
  socket.setTimeout(400, () => socket.destroy());
  socket.on('error', () => undefined);
  socket.on('connect', () => {
    process.stdout.write(performance.now().toFixed(1) + '\\n');
    socket.destroy();
  });
};
knock();
`;

export interface Knocking extends AsyncDisposable {
  /** How many answers there were so far. */
  readonly answers: number;
  /** The longest that nobody answered since this was asked last, and the most that the client itself was late meanwhile. */
  silence(): { readonly ms: number; readonly lateMs: number };
}

/** Every 10 ms, as a program of the command line that the argument makes of one. */
export function knocking(inside: (...argv: string[]) => string[], host: string, port: number): Knocking {
  const [file = '', ...args] = inside(process.execPath, '--eval', client, host, `${port}`);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let moments: number[] = [];
  let late: number[] = [];
  let answers = 0;
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines)
      if (line.startsWith('late ')) late.push(Number(line.slice(5)));
      else {
        moments.push(Number(line));
        answers++;
      }
  });
  return {
    get answers() {
      return answers;
    },
    silence() {
      const sorted = moments.toSorted((a, b) => a - b);
      const gaps = sorted.slice(1).map((moment, at) => moment - (sorted[at] ?? moment));
      const found = { ms: Math.max(0, ...gaps), lateMs: Math.max(0, ...late) };
      moments = sorted.slice(-1);
      late = [];
      return found;
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
