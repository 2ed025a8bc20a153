// What a verb works with: the daemon's client, output in the form that was asked for, and progress.
// SPDX-License-Identifier: Apache-2.0

import { open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ApiError, type Finding, type Job, type Progress } from '@ctvirt/api';
import { type ApiClient, createClient, type Endpoint } from '@ctvirt/api/node';
import { commandFor } from '@ctvirt/xml';
import { decodeXml } from './documents/decode.js';
import {
  describeError,
  describeFinding,
  describeRemark,
  encodeError,
  jsonLine,
  refuseFile,
} from './errors.js';
import { createForeignClient } from './foreign/client.js';
import { hasColour, type Io, widthOf } from './io.js';
import { printableJson, printableLines } from './printable.js';
import { ProgressDisplay, ProgressLines, progressWords } from './progress-display.js';

/** The options every verb takes. */
export interface Globals {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether progress is told in lines, for logs. */
  readonly progressLines: boolean;
  /** The daemon's, or the URI of a libvirt. */
  readonly endpoint: Endpoint | { readonly uri: string };
}

/** What a verb's `run` is given: the client, and an output that obeys `--json` and `--quiet`. */
export class Context {
  readonly #globals: Globals;
  #client: ApiClient | undefined;
  /** The daemon's on what it did, kept until no progress is shown any more. */
  readonly #remarks: string[] = [];
  /** What is drawn on the terminal just now. */
  #display: ProgressDisplay | ProgressLines | undefined;
  /** What was said of a file, which the daemon may remark on what it did with it, too. */
  readonly #warned = new Set<string>();

  constructor(
    readonly io: Io,
    globals: Globals,
  ) {
    this.#globals = globals;
  }

  /** The daemon; nothing connects before the first call. */
  get client(): ApiClient {
    const { endpoint } = this.#globals;
    this.#client ??=
      'uri' in endpoint
        ? createForeignClient(endpoint.uri)
        : createClient(endpoint, {
            onRemark: (remark) => this.#remarks.push(remark),
            onWait: (job) => this.#tellWait(job),
          });
    return this.#client;
  }

  get isJson(): boolean {
    return this.#globals.json;
  }

  /** Whether a libvirt answers, which tells of a domain less than the daemon. */
  get isForeign(): boolean {
    return 'uri' in this.#globals.endpoint;
  }

  close(): void {
    this.#client?.close();
  }

  /** Data: JSON where asked for, else the text for people, made for so many columns of their terminal. */
  print(data: unknown, text: (width: number) => string): void {
    const { stdout } = this.io;
    stdout.write(this.isJson ? `${printableJson(data, 2)}\n` : printableLines(text(widthOf(stdout))));
  }

  /** A text that is itself what was asked for: a file or a program gets it as it is, and only a terminal does not. */
  printVerbatim(data: unknown, text: string): void {
    if (this.isJson) this.print(data, () => text);
    else this.printDocument(text);
  }

  /** The same of one of several. */
  printDocument(text: string): void {
    this.io.stdout.write(this.io.stdout.isTTY === true ? printableLines(text) : text);
  }

  /** What was done: a sentence for people, the result for programs. */
  done(data: unknown, sentence: string): void {
    if (this.isJson) this.print(data, () => '');
    else if (!this.#globals.quiet) this.io.stdout.write(`${printableLines(sentence)}\n`);
  }

  /** A remark beside the result, on stderr. */
  remark(text: string): void {
    if (!this.#globals.quiet) this.io.stderr.write(`${printableLines(text)}\n`);
  }

  /** A table beside the result, whose cells are printable and which may have colours. */
  remarkTable(table: string): void {
    if (!this.#globals.quiet) this.io.stderr.write(`${table.trimEnd()}\n`);
  }

  /** An error that is not the end: in words, or as data; returns its exit status. */
  tellError(error: unknown): number {
    const colour = hasColour(this.io.stderr, this.io.env);
    const { status, text } = this.isJson ? encodeError(error) : describeError(error, colour);
    this.io.stderr.write(text);
    return status;
  }

  /** What the daemon remarked on operations that succeeded. */
  tellRemarks(): void {
    if (this.#globals.quiet) return;
    const colour = hasColour(this.io.stderr, this.io.env);
    const isNew = (remark: string): boolean => ![...this.#warned].some((message) => remark.endsWith(message));
    for (const remark of this.#remarks.splice(0).filter(isNew))
      this.io.stderr.write(
        this.isJson ? jsonLine({ warning: { message: remark } }) : describeRemark(remark, colour),
      );
  }

  /** Findings about a file that was accepted all the same. */
  warn(findings: readonly Finding[], file: string): void {
    if (this.#globals.quiet || this.isJson) return;
    const colour = hasColour(this.io.stderr, this.io.env);
    for (const finding of findings) {
      this.#warned.add(finding.message);
      this.io.stderr.write(describeFinding(finding, file, colour));
    }
  }

  /** Runs something that may take long: after a second a person sees that it lives, and how far it is. */
  async busy<T>(label: string, work: (onProgress: (progress: Progress) => void) => Promise<T>): Promise<T> {
    const { quiet, progressLines } = this.#globals;
    const display =
      progressLines && !quiet
        ? new ProgressLines(this.io.stderr, label)
        : new ProgressDisplay(this.io.stderr, label, !quiet);
    this.#display = display;
    try {
      return await work((progress) => display.update(progress));
    } finally {
      display.clear();
      this.#display = undefined;
    }
  }

  /** The same of what leaves nothing of it where it is interrupted. */
  async making<T>(label: string, work: (onProgress: (progress: Progress) => void) => Promise<T>): Promise<T> {
    return await interruptible(() => this.busy(label, work));
  }

  /** Somebody who waits wants to know for what. */
  #tellWait({ id, domain, kind, startedAt, progress }: Job): void {
    this.#display?.hide();
    const far = progressWords(progress);
    this.remark(
      `waits for domain '${domain}', which has a job, ${kind}, since ${startedAt.slice(0, 19)}Z${far === '' ? '' : `: ${far}`}; \`${commandFor('job abort', [domain ?? id])}\` ends that`,
    );
  }

  /** The text of an XML file, in whatever encoding it says it has; `-` is standard input. */
  async readXml(file: string): Promise<string> {
    const { text, finding } = decodeXml(await this.#read(file));
    if (finding !== undefined)
      throw new ApiError('invalid', 'the document cannot be used', { findings: [finding] });
    return text;
  }

  async #read(file: string): Promise<Buffer> {
    if (file !== '-') return readFile(file).catch((cause: unknown) => refuseFile(file, cause));
    const chunks: Buffer[] = [];
    for await (const chunk of this.io.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }

  /** The text of a file, in UTF-8; `-` is standard input. */
  async readText(file: string): Promise<string> {
    return (await this.#read(file)).toString('utf8');
  }

  /** A file's bytes as a stream; `-` is standard input. */
  async openStream(file: string): Promise<Readable> {
    if (file === '-') return this.io.stdin;
    const handle = await open(file).catch((cause: unknown) => refuseFile(file, cause));
    return handle.createReadStream();
  }
}

/** What leaves nothing of it where it is interrupted, and says so. */
export async function interruptible<T>(work: () => Promise<T>, ending = 'nothing was kept'): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What the daemon says of it, it knows better.
    if (!(error instanceof ApiError) || error.code !== 'interrupted' || error.message !== 'interrupted')
      throw error;
    throw new ApiError('interrupted', `interrupted; ${ending}`, {}, { cause: error });
  }
}
