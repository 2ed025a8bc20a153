// What the kernel tells of changes of its own accord, gathered until somebody looks.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { EngineError } from '../errors.js';
import {
  failure,
  get32,
  HEADER,
  join,
  listenEverywhere,
  openNetlink,
  parts,
  receiveFrom,
  receiveOnly,
} from './netlink.js';

const MSG_DONTWAIT = 0x40;

/** A change that the kernel reports. */
export interface Told {
  readonly type: number;
  /** Number of the socket that asked for the change. */
  readonly by: number;
  /** This network's number for the one where it happened; undefined where that is this one itself. */
  readonly network: number | undefined;
  readonly body: Buffer;
}

/** Listens to multicast groups of one netlink protocol until it is disposed. */
export class NetlinkWatch implements Disposable {
  #fd: number | undefined;

  constructor(
    private readonly protocol: number,
    private readonly groups: readonly number[],
    /** The one type of messages that is wanted, kept many of, and from other networks, too; all of this one if absent. */
    private readonly only?: number,
  ) {}

  /** From now on. */
  open(): void {
    if (this.#fd !== undefined) return;
    const fd = openNetlink(this.protocol);
    const isFit = (): boolean =>
      this.only === undefined || (receiveOnly(fd, this.only) && listenEverywhere(fd));
    if (fd >= 0 && isFit() && join(fd, this.groups)) this.#fd = fd;
    else {
      const errno = failure();
      if (fd >= 0) closeSync(fd);
      throw new EngineError('host-command', `the kernel tells no changes: ${errno}`, {}, { errno });
    }
  }

  /** What came since the last time; undefined where there was more than it kept, or nobody listened. */
  take(): Told[] | undefined {
    const told: Told[] = [];
    if (this.#fd === undefined) return undefined;
    let isWhole = true;
    for (const answer = Buffer.alloc(1 << 16); ; ) {
      const { length, network } = receiveFrom(this.#fd, answer, MSG_DONTWAIT);
      if (length < 0) {
        const errno = failure();
        if (errno === 'EAGAIN') return isWhole ? told : undefined;
        if (errno !== 'ENOBUFS')
          throw new EngineError('host-command', `the kernel tells no changes: ${errno}`, {}, { errno });
        isWhole = false;
        continue;
      }
      for (const { at, end, type } of parts(answer, 0, length, HEADER))
        told.push({
          type,
          by: get32(answer, at + 12),
          network,
          body: Buffer.from(answer.subarray(at + HEADER, end)),
        });
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
