// A way from one daemon to another that is cut at a byte of the test's choice.
// SPDX-License-Identifier: Apache-2.0
import { connect, createServer, type Socket } from 'node:net';

/** Which way a byte goes that is the last one to arrive. */
export type Direction = 'there' | 'back';

export class CutLink implements AsyncDisposable {
  readonly passed = { there: 0, back: 0 };
  #cut: { readonly direction: Direction; readonly bytes: number } | undefined;
  #isDown = false;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer({ allowHalfOpen: true }, (near) => this.#join(near));

  private constructor(
    readonly path: string,
    private readonly target: string,
  ) {}

  static async open(path: string, target: string): Promise<CutLink> {
    const link = new CutLink(path, target);
    await new Promise<void>((resolve) => link.#server.listen(path, resolve));
    return link;
  }

  /** It carries so many bytes in that direction from now on, and then nothing in either until it is mended. */
  cutAfter(direction: Direction, bytes: number): void {
    this.passed.there = 0;
    this.passed.back = 0;
    this.#isDown = false;
    this.#cut = { direction, bytes };
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  mend(): void {
    this.#isDown = false;
    this.#cut = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    if (this.#isDown) return void near.destroy();
    const far = connect({ path: this.target, allowHalfOpen: true });
    for (const [from, to, direction] of [
      [near, far, 'there'],
      [far, near, 'back'],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('end', () => to.end());
      from.on('drain', () => to.resume());
      from.on('data', (bytes: Buffer) => {
        if (!to.write(this.#carried(direction, bytes))) from.pause();
      });
    }
  }

  #carried(direction: Direction, bytes: Buffer): Buffer {
    const before = this.passed[direction];
    this.passed[direction] += bytes.length;
    if (this.#isDown) return Buffer.alloc(0);
    if (this.#cut?.direction !== direction || this.passed[direction] <= this.#cut.bytes) return bytes;
    this.#isDown = true;
    const last = bytes.subarray(0, Math.max(0, this.#cut.bytes - before));
    // What was carried arrives; the ends hear of the rest as of a host that is gone.
    setTimeout(() => this.#drop(), 20);
    return last;
  }

  #drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
