// What goes on inside the domains of these tests: programs of the host, a console that shouts, and counters that stand still.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Duplex, PassThrough } from 'node:stream';
import type { ConsoleStream, DomainCounters, ExecSession } from '@ctvirt/engine';
import type { Inside } from '@ctvirt/engine/testing';

type Look = ReturnType<NonNullable<Inside['look']>>;

type Program = Parameters<Inside['exec']>[0];

const counters: DomainCounters = {
  cpuTimeNs: () => 1.5e9,
  usedMemoryKiB: () => 1024,
  cpu: () => ({ totalNs: 1.5e9, userNs: 1e9, systemNs: 5e8 }),
  processorTimesNs: () => [1e9, 5e8],
  memory: () => ({
    usedKiB: 1024,
    limitKiB: 262144,
    rssKiB: 512,
    cacheKiB: 512,
    swapKiB: 0,
    faults: 3,
    majorFaults: 1,
  }),
  io: () => ({ readBytes: 4096, writtenBytes: 8192, reads: 1, writes: 2 }),
  links: async () => [],
};

const init = {
  pid: 4711,
  pidInside: 1,
  parent: 4700,
  uidInside: 0,
  state: 'S',
  threads: 1,
  memoryKiB: 512,
  cpuTimeNs: 1.5e9,
  startedAt: '2026-11-29T12:00:00.000Z',
  name: 'init',
  command: ['/sbin/init'],
};

/** Puts each program that runs into `live`, and takes it out at its end. */
export const insideWith = (live: Set<ExecSession>): Inside => ({
  exec: async (program) => {
    const session = runOnHost(program);
    live.add(session);
    void session.exited.then(() => live.delete(session));
    return session;
  },
  console: async () => shoutingConsole(),
  addresses: async () => [],
  usage: async () => ({ bytes: 1536 * 1024, inodes: 12 }),
  processes: async (pid) => [init].filter((one) => pid === undefined || one.pid === pid),
  signal: () => undefined,
  counters: () => counters,
  use: () => ({ usedMemoryKiB: 1024, cpuTimeNs: 1.5e9, processes: 3, maxProcesses: 240 }),
  look: lookAtBusy,
  info: () => ({
    initPid: null,
    walls: [{ name: 'system-calls', state: 'up', how: '34 are refused' }],
  }),
});

/** One that uses more of everything the longer its name is. */
function lookAtBusy(name: string): Look {
  const seconds = performance.now() / 1000;
  const so = seconds * name.length;
  const side = (bytes: number) => ({ bytes: Math.round(bytes), packets: 1, errors: 0, drops: 0 });
  return {
    atMs: seconds * 1000,
    cpuNs: so * 2e7,
    throttledNs: so * 1e6,
    waitedNs: so * 5e6,
    memoryBytes: 1024 * 1024,
    reclaims: 0,
    limitHits: 0,
    kills: 0,
    stalledNs: 0,
    hostTicks: 0,
    hostIdleTicks: 0,
    use: { usedMemoryKiB: 1024, cpuTimeNs: 1.5e9, processes: 3, maxProcesses: 240 },
    cpu: counters.cpu(),
    memory: counters.memory(),
    io: { readBytes: Math.round(so * 1000), writtenBytes: Math.round(so * 2000), reads: 1, writes: 2 },
    ioWaitedNs: 0,
    refused: 0,
    links: [{ name: 'eth0', hostName: null, mac: null, rx: side(so * 500), tx: side(so * 100) }],
  };
}

/** Greets, answers in capitals, tells its new size, and closes at `bye`. */
function shoutingConsole(): ConsoleStream {
  const stream: Duplex = new Duplex({
    allowHalfOpen: false, // its end is a terminal's
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      stream.push(chunk.toString('utf8').toUpperCase());
      if (chunk.includes('bye')) stream.push(null);
      done();
    },
  });
  stream.push('login: ');
  return { stream, resize: (columns, rows) => void stream.push(`[${columns}x${rows}]`) };
}

function runOnHost({ argv, env, terminal }: Program): ExecSession {
  const hasTerminal = terminal !== undefined;
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' });
  const stdout = new PassThrough();
  const stderr = hasTerminal ? stdout : new PassThrough();
  child.stdout.pipe(stdout);
  if (hasTerminal) child.stderr.on('data', (chunk) => stdout.write(chunk));
  else child.stderr.pipe(stderr);
  const exited = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      stderr.end(`${error.message}\n`);
      stdout.end();
      resolve(127);
    });
    child.on('exit', (status, signal) =>
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  return {
    stdin: child.stdin,
    stdout,
    stderr: hasTerminal ? new PassThrough().end() : stderr,
    exited,
    resize: (columns, rows) => void stdout.write(`[${columns}x${rows}]`),
    signal: (name) => void child.kill(name),
    kill: () => void child.kill('SIGKILL'),
  };
}
