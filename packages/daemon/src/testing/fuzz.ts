// Feeds the HTTP server damaged requests, byte by byte over its socket: each is answered or hung up on, none is a fault of ours.
// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutateBytes, oddTexts, Random } from '@ctvirt/xml/testing';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createHttpApp } from '../http/server.js';
import { engineFolder, type MemoryEngine, openOverMemory, sampleXml } from './memory-engine.js';

/** Each begins with two lines, the request's and its content type, and a blank one; the body follows. */
const folder = new URL('../../fixtures/fuzz/http/', import.meta.url);
const readCorpus = (): Buffer[] =>
  readdirSync(folder)
    .sort()
    .map((file) => readFileSync(new URL(file, folder)));

/** Those that say that a wish was not granted; every other of their kind says that the daemon is at fault. */
export const refusals = new Set([501, 504, 505, 507]);
const answerMs = 5000;
const allowedMiB = 300;

function requestOf(random: Random, corpus: readonly Buffer[]): Buffer {
  const sample = random.of(corpus);
  const damaged = random.below(3) === 0 ? mutateBytes(random, sample, random.of(corpus)) : sample;
  const [first = '', type = ''] = damaged.toString('latin1').split('\n', 2);
  const whole = damaged.subarray(Math.min(damaged.length, first.length + type.length + 3));
  const body = random.below(2) === 0 ? mutateBytes(random, whole, random.of(corpus)) : whole;
  const length = random.below(12) === 0 ? random.of(oddTexts) : String(body.length);
  const more = random.below(8) === 0 ? `x-odd: ${random.of(oddTexts)}\r\n` : '';
  const form = random.below(10) === 0 ? 'transfer-encoding: chunked' : `content-length: ${length}`;
  const head = `${first} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: ${type}\r\n${more}${form}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** What comes back, at most its beginning; empty if the daemon hung up. */
function ask(socketPath: string, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`neither an answer nor an end in ${answerMs} ms`));
    }, answerMs);
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
      // Events go on for ever.
      if (answer.length > 4096 || /^HTTP\/1\.1 2.*\r\n\r\n/s.test(answer)) done();
    });
    socket.on('error', done).on('close', done).end(request);
  });
}

class Subject {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ctvirt-fuzz-'));
  readonly socketPath = join(this.#folder, 'http.sock');
  #root: string | undefined;
  #engine: MemoryEngine | undefined;
  #app: FastifyInstance | undefined;
  /** The last error it logged: what its answer keeps to itself. */
  lastError = '';

  /** A fresh engine: what the last one was told would be its only growth. */
  async renew(): Promise<void> {
    await this.#end();
    this.#root = engineFolder();
    const engine = await openOverMemory(this.#root);
    this.#engine = engine;
    await engine.templates.buildBusybox('busybox'); // which documents of the corpus name
    for (const name of ['domain-1', 'domain-2']) await engine.define(sampleXml(name));
    await engine.start('domain-2');
    this.#app = createHttpApp(engine, pino({ level: 'error' }, { write: (line) => (this.lastError = line) }));
    await this.#app.listen({ path: this.socketPath });
  }
  async #end(): Promise<void> {
    await this.#app?.close();
    await this.#engine?.close();
    if (this.#root !== undefined) rmSync(this.#root, { recursive: true });
  }
  async close(): Promise<void> {
    await this.#end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Runs for `seconds`; throws at the first fault, with the request in base64. */
export async function fuzzHttp(
  seconds: number,
  seed: number,
): Promise<{ requests: number; accepted: number }> {
  const random = new Random(seed);
  const corpus = readCorpus();
  const subject = new Subject();
  let requests = 0;
  let accepted = 0;
  let settledBytes: number | undefined;
  try {
    for (
      const until = performance.now() + seconds * 1000;
      performance.now() < until || requests < 50;
      requests++
    ) {
      if (requests % 1000 === 0) await subject.renew();
      const request = requestOf(random, corpus);
      const text = `http, seed ${seed}, request ${requests}, base64: ${request.toString('base64')}`;
      const answer = await ask(subject.socketPath, request).catch((cause: unknown) => {
        throw new Error(`${String(cause)}: ${text}`);
      });
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
      if (answer !== '' && status === 0) throw new Error(`no answer of HTTP: ${answer}\n${text}`);
      if (status >= 500 && !refusals.has(status)) throw new Error(`${answer}\n${subject.lastError}${text}`);
      if (status >= 200 && status < 300) accepted++;
      if (requests % 5000 < 4999) continue;
      const bytes = process.memoryUsage().rss;
      settledBytes ??= bytes;
      if (bytes - settledBytes > allowedMiB * 2 ** 20) throw new Error(`http: memory grows: ${bytes} bytes`);
    }
  } finally {
    await subject.close();
  }
  return { requests, accepted };
}
