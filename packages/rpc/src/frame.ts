// Frames: a length word, six header words, a payload; cut from and put onto a byte stream.
// SPDX-License-Identifier: Apache-2.0
import { RpcError } from './errors.js';
import { type Shape, XdrReader, XdrWriter } from './xdr.js';

/** libvirt's numbers of what a frame is; `streamHole` skips bytes of a sparse stream. */
export const messageType = {
  call: 0,
  reply: 1,
  message: 2,
  stream: 3,
  callWithFds: 4,
  replyWithFds: 5,
  streamHole: 6,
} as const;

/** A reply is `ok` or an `error`; a stream goes on with `continue`, and ends with `ok` or is aborted with `error`. */
export const messageStatus = { ok: 0, error: 1, continue: 2 } as const;

/** The six header words; `serial` ties replies and stream frames to their call. */
export interface FrameHeader {
  program: number;
  version: number;
  procedure: number;
  type: number;
  serial: number;
  status: number;
}

/** One received frame; `payload` is a view of received memory. */
export interface Frame extends FrameHeader {
  payload: Buffer;
}

/** Length word and header. */
export const headerBytes = 28;
/** The biggest length word libvirt accepts. */
export const maxFrameBytes = 33_554_436;
/** The biggest stream payload libvirtd itself sends, and every client accepts. */
export const maxStreamBytes = 262_120;
/** The most file descriptors one frame may announce. */
export const maxFrameFds = 32;

function putHeader(writer: XdrWriter, header: FrameHeader): Buffer {
  writer.patchUint32(0, writer.length);
  writer.patchUint32(4, header.program);
  writer.patchUint32(8, header.version);
  writer.patchUint32(12, header.procedure);
  writer.patchUint32(16, header.type);
  writer.patchUint32(20, header.serial);
  writer.patchUint32(24, header.status);
  return writer.bytes();
}

/** A whole frame with a typed payload. */
export function encodeFrame<T>(header: FrameHeader, shape: Shape<T>, value: T): Buffer {
  const writer = new XdrWriter(maxFrameBytes, headerBytes);
  shape.encode(writer, value);
  return putHeader(writer, header);
}

/** A whole frame whose payload is the given bytes, unpadded: stream data, or nothing. */
export function encodeRawFrame(header: FrameHeader, payload?: Uint8Array): Buffer {
  const writer = new XdrWriter(maxFrameBytes, headerBytes);
  if (payload !== undefined) writer.raw(payload);
  return putHeader(writer, header);
}

/** Decodes a payload; bytes left over are ignored, as libvirt does on both sides. */
export function decodePayload<T>(shape: Shape<T>, payload: Buffer): T {
  return shape.decode(new XdrReader(payload));
}

const nothing = Buffer.alloc(0);

/**
 * Cuts frames out of a byte stream that arrives in any pieces. Memory follows what has arrived, never what
 * a length word claims. The loose bytes that follow a frame with file descriptors are skipped.
 */
export class FrameSplitter {
  /** Refuses frames above this; may be raised once a peer is trusted. */
  limit: number;
  /** Received bytes lie from `#start` to `#end`; payloads handed out are views, so nothing is ever moved within it. */
  #buffer: Buffer = nothing;
  #start = 0;
  #end = 0;
  #skip = 0;

  constructor(limit: number = maxFrameBytes) {
    this.limit = limit;
  }

  /** Bytes held for frames that are not complete or not taken yet. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  push(chunk: Buffer): void {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    const fresh = skipped === 0 ? chunk : chunk.subarray(skipped);
    if (this.#start === this.#end) {
      this.#buffer = fresh;
      this.#start = 0;
      this.#end = fresh.length;
      return;
    }
    if (this.#end + fresh.length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(2 * (this.buffered + fresh.length));
      this.#buffer.copy(grown, 0, this.#start, this.#end);
      this.#buffer = grown;
      this.#end -= this.#start;
      this.#start = 0;
    }
    fresh.copy(this.#buffer, this.#end);
    this.#end += fresh.length;
  }

  /** The next complete frame, if any; throws `too-large` or `protocol` when the stream can only be closed. */
  next(): Frame | undefined {
    if (this.buffered < 4) return undefined;
    const buffer = this.#buffer;
    const at = this.#start;
    const length = buffer.readUInt32BE(at);
    if (length > this.limit)
      throw new RpcError('too-large', `frame of ${length} bytes exceeds ${this.limit}`);
    if (length < headerBytes) throw new RpcError('protocol', `frame of ${length} bytes has no header`);
    if (this.buffered < length) return undefined;
    this.#start += length;
    const frame: Frame = {
      program: buffer.readUInt32BE(at + 4),
      version: buffer.readUInt32BE(at + 8),
      procedure: buffer.readInt32BE(at + 12),
      type: buffer.readUInt32BE(at + 16),
      serial: buffer.readUInt32BE(at + 20),
      status: buffer.readUInt32BE(at + 24),
      payload: buffer.subarray(at + headerBytes, at + length),
    };
    if (frame.type === messageType.callWithFds || frame.type === messageType.replyWithFds)
      this.#dropDescriptors(frame);
    return frame;
  }

  #dropDescriptors(frame: Frame): void {
    const count = frame.payload.length < 4 ? Number.POSITIVE_INFINITY : frame.payload.readUInt32BE(0);
    if (count > maxFrameFds) throw new RpcError('protocol', `frame announces ${count} file descriptors`);
    frame.payload = frame.payload.subarray(4);
    const loose = Math.min(count, this.buffered);
    this.#start += loose;
    this.#skip = count - loose;
  }
}
