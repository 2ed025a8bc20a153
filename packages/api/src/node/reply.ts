// An answer over Node's HTTP, read as the client wants it.
// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Reply } from '../transport.js';

/** A whole body as text. */
export async function readText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A good answer, its body not yet read. */
export class MessageReply implements Reply {
  constructor(private readonly message: IncomingMessage) {}

  header(name: string): string | undefined {
    const value = this.message.headers[name];
    return typeof value === 'string' ? value : undefined;
  }

  text(): Promise<string> {
    return readText(this.message);
  }

  pieces(): AsyncIterable<string> {
    return this.message.setEncoding('utf8');
  }

  skip(): void {
    this.message.resume();
  }

  leave(): void {
    this.message.destroy();
  }
}
