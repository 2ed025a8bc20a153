// Feeds a server and a client mutated frames for a number of seconds.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { RpcClient } from '../client/client.js';
import { RpcError } from '../errors.js';
import { encodeFrame, encodeRawFrame, type FrameHeader } from '../frame.js';
import { type Program, programs, remote } from '../protocol/index.js';
import type { Procedure } from '../protocol/row.js';
import { RpcServer } from '../server/server.js';
import { XdrReader } from '../xdr.js';
import { Wire } from './wire.js';

/** Reproducible random numbers (xorshift), so that a failing seed can be run again. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  of<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError('nothing to choose from');
    return value;
  }
}

const interesting = [
  0, 1, 2, 3, 4, 5, 6, 7, 27, 28, 29, 0x7f, 0xff, 0x100, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
];
const rows: readonly (readonly [Program, Procedure])[] = programs.flatMap((program) =>
  Object.values(program.calls).map((row): readonly [Program, Procedure] => [program, row]),
);

function word(random: Random): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(random.below(3) === 0 ? random.of(interesting) : random.below(16));
  return bytes;
}

/** A frame that is right, or nearly. */
function frame(random: Random, types: readonly number[], serials: number): Buffer {
  const [program, row] = random.of(rows);
  const header: FrameHeader = {
    program: random.below(20) === 0 ? random.of(interesting) : program.number,
    version: random.below(30) === 0 ? random.of(interesting) : 1,
    procedure: random.below(20) === 0 ? random.of(interesting) : row.number,
    type: random.below(20) === 0 ? random.of(interesting) : random.of(types),
    serial: random.below(serials),
    status: random.below(8) === 0 ? random.of([1, 2, 3]) : 0,
  };
  const words = Buffer.concat(Array.from({ length: random.below(40) }, () => word(random)));
  let payload: Buffer = words;
  if (random.below(2) === 0) {
    // Zeros decode to some value of every shape; encoded again they make a payload that is right.
    const value: unknown = row.args.decode(new XdrReader(Buffer.alloc(4096)));
    payload = encodeFrame<unknown>(header, row.args, value).subarray(28);
  }
  const bytes = encodeRawFrame(header, payload);
  for (let flips = random.below(6) === 0 ? random.below(8) : 0; flips > 0; flips--)
    bytes[random.below(bytes.length)] = random.below(256);
  return random.below(15) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/** Pushes bytes in pieces of any size. */
async function feed(random: Random, wire: Wire, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length && !wire.destroyed; ) {
    const size = random.below(4) === 0 ? 1 + random.below(40) : bytes.length;
    wire.push(bytes.subarray(at, at + size));
    at += size;
    if (random.below(10) === 0) await turn();
  }
}

const openBytes = encodeFrame(
  { program: remote.number, version: 1, procedure: 1, type: 0, serial: 0, status: 0 },
  remote.calls.connectOpen.args,
  { name: 'fuzz:///', flags: 0 },
);

async function fuzzServer(random: Random, server: RpcServer<object>): Promise<void> {
  const wire = new Wire();
  server.accept(wire, { transport: 'other', readOnly: random.below(2) === 0 });
  if (random.below(10) > 0) await feed(random, wire, openBytes);
  await turn();
  for (let frames = 1 + random.below(30); frames > 0 && !wire.destroyed; frames--)
    await feed(random, wire, frame(random, [0, 0, 0, 3, 3, 2, 4, 6], 6));
  await turn();
  if (random.below(2) === 0) wire.push(null);
  wire.destroy();
}

async function fuzzClient(random: Random): Promise<void> {
  const wire = new Wire();
  const client = new RpcClient(wire);
  client.on('domainEventCallbackLifecycle', () => {});
  const calls: Promise<unknown>[] = [];
  for (let count = 1 + random.below(5); count > 0; count--) {
    const { name, row } = random.of(callable);
    const args: unknown = row.args.decode(new XdrReader(Buffer.alloc(4096)));
    const call =
      row.stream === 'none'
        ? client.invoke(remote, name, args)
        : client.invokeStream(remote, name, args).then(({ stream }) => stream.on('error', () => {}).end('x'));
    // Many fail before all are waited for below.
    call.catch(() => {});
    calls.push(call);
  }
  for (let frames = 1 + random.below(10); frames > 0 && !wire.destroyed; frames--)
    await feed(random, wire, frame(random, [1, 1, 1, 3, 3, 2, 5, 6], 6));
  wire.destroy();
  for (const { status, ...rest } of await Promise.allSettled(calls))
    if (status === 'rejected' && 'reason' in rest && !(rest.reason instanceof RpcError)) throw rest.reason;
}

const remoteCalls: Readonly<Record<string, Procedure>> = remote.calls;
const callable = Object.entries(remoteCalls)
  .filter(([, row]) => !row.descriptors)
  .map(([name, row]) => ({ name, row }));

/** Runs for `seconds`; throws on any fault that is not an RpcError, on a leak, or on memory that grows. */
export async function fuzz(seconds: number, seed: number): Promise<{ connections: number; calls: number }> {
  const random = new Random(seed);
  let calls = 0;
  const faults: unknown[] = [];
  const answer = () => {
    calls++;
    return Promise.resolve();
  };
  const handlers: Record<string, unknown> = Object.fromEntries(
    callable.map(({ name, row }) => [
      name,
      row.stream === 'none'
        ? answer
        : (_args: unknown, call: { openStream(): Duplex }) => {
            calls++;
            const stream = call.openStream();
            stream.pipe(stream);
          },
    ]),
  );
  const server = new RpcServer<object>({
    open: () => ({}),
    handlers,
    fault: (error) => {
      // Handlers here answer nothing, so results that do not encode are expected.
      if (!(error instanceof RpcError)) faults.push(error);
    },
  });
  let connections = 0;
  const until = performance.now() + seconds * 1000;
  const startBytes = process.memoryUsage().rss;
  while (performance.now() < until) {
    for (let round = 0; round < 50; round++) {
      await fuzzServer(random, server);
      await fuzzClient(random);
      connections += 2;
    }
    if (faults.length > 0) throw faults[0];
  }
  await turn();
  await turn();
  if (server.clientCount !== 0 || server.receivedBytes !== 0)
    throw new Error(`${server.clientCount} clients, ${server.receivedBytes} bytes are left behind`);
  const grownMiB = (process.memoryUsage().rss - startBytes) / 2 ** 20;
  if (grownMiB > 400) throw new Error(`memory has grown by ${Math.round(grownMiB)} MiB`);
  return { connections, calls };
}
