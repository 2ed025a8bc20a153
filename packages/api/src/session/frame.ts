// The framing of exec and console connections: a type byte, a 32-bit big-endian length, the payload.
// SPDX-License-Identifier: Apache-2.0

/** Value of the `Upgrade` header that asks for this protocol. */
export const sessionProtocol = 'ctvirt-session';

interface FrameRow {
  readonly byte: number;
  readonly from: 'client' | 'daemon';
  readonly carries: string;
}

/** Every frame there is. */
export const frameTable = {
  open: { byte: 0x01, from: 'client', carries: 'what to run, as JSON; first, and once' },
  stdin: { byte: 0x02, from: 'client', carries: 'input bytes' },
  stdinEnd: { byte: 0x03, from: 'client', carries: 'nothing: the input is over' },
  resize: { byte: 0x04, from: 'client', carries: 'two 16-bit numbers: columns, rows' },
  kill: { byte: 0x05, from: 'client', carries: 'nothing: the program shall end at once' },
  signal: {
    byte: 0x06,
    from: 'client',
    carries: 'a 32-bit number: a signal for the program, of those that ask it to end or mean what it likes',
  },
  seen: {
    byte: 0x07,
    from: 'client',
    carries: 'a 32-bit number: so many bytes of output are shown; of a terminal that is kept alone',
  },
  opened: {
    byte: 0x11,
    from: 'daemon',
    carries:
      'nothing: the program runs; of a terminal that is kept what it is called, and where what follows begins, as JSON',
  },
  stdout: { byte: 0x12, from: 'daemon', carries: 'output bytes' },
  stderr: { byte: 0x13, from: 'daemon', carries: 'error output bytes; none with a terminal' },
  consumed: { byte: 0x14, from: 'daemon', carries: 'a 32-bit number: so many bytes of stdin are taken' },
  exited: { byte: 0x15, from: 'daemon', carries: 'a 32-bit number: the exit status; last' },
  failed: { byte: 0x16, from: 'daemon', carries: 'an error body, as JSON; last' },
} as const satisfies Record<string, FrameRow>;
/** What a frame is called. */
export type FrameType = keyof typeof frameTable;

/** One frame as it came: what it is, and what it carries. */
export interface Frame {
  readonly type: FrameType;
  readonly payload: Uint8Array;
}

/** A frame announcing more than this is refused: nothing of ours needs it. */
export const maxPayloadBytes = 4 * 1024 * 1024;
/** Data is cut to frames of at most this, so that a resize or kill never waits long behind it. */
export const maxDataBytes = 64 * 1024;
/** So many bytes of stdin may be on their way, unconsumed: the daemon never stops reading, and so sees a client go. */
export const stdinWindowBytes = 256 * 1024;

/** So many bytes of output a terminal that is kept may have that were not shown yet: its program waits then. */
export const outputWindowBytes = 256 * 1024;

const headBytes = 5;
const isFrameType = (name: string): name is FrameType => Object.hasOwn(frameTable, name);
const nameOf = new Map<number, FrameType>(
  Object.keys(frameTable)
    .filter(isFrameType)
    .map((name) => [frameTable[name].byte, name]),
);

/** What the other end sent is not this protocol. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The bytes of a frame. */
export function encodeFrame(
  type: FrameType,
  payload: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(headBytes + payload.length);
  frame[0] = frameTable[type].byte;
  viewOf(frame).setUint32(1, payload.length);
  frame.set(payload, headBytes);
  return frame;
}

/** A frame that carries a JSON value. */
export const encodeJson = (type: FrameType, value: unknown): Uint8Array<ArrayBuffer> =>
  encodeFrame(type, new TextEncoder().encode(JSON.stringify(value)));

/** A frame that carries one 32-bit number, an exit status or a count. */
export function encodeNumber(type: FrameType, value: number): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(4);
  viewOf(payload).setInt32(0, value);
  return encodeFrame(type, payload);
}

/** The frame that tells the size of the client's terminal. */
export function encodeResize(columns: number, rows: number): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(4);
  viewOf(payload).setUint16(0, clampSize(columns));
  viewOf(payload).setUint16(2, clampSize(rows));
  return encodeFrame('resize', payload);
}

const clampSize = (cells: number): number => Math.min(Math.max(Math.trunc(cells), 1), 0xffff);

/** The number in a frame made by `encodeNumber`. */
export function decodeNumber({ type, payload }: Frame): number {
  if (payload.length !== 4) throw new FrameError(`a ${type} frame carries 4 bytes, not ${payload.length}`);
  return viewOf(payload).getInt32(0);
}

/** The size of the client's terminal; throws FrameError where the payload is none. */
export function decodeResize({ payload }: Frame): { columns: number; rows: number } {
  if (payload.length !== 4) throw new FrameError(`a resize frame carries 4 bytes, not ${payload.length}`);
  const view = viewOf(payload);
  return { columns: clampSize(view.getUint16(0)), rows: clampSize(view.getUint16(2)) };
}

/** What a frame carries as text. */
export const decodeText = ({ payload }: Frame): string => new TextDecoder().decode(payload);

/** Cuts a byte stream into frames, wherever its chunks happen to end. */
export class FrameDecoder {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /** Takes the next bytes; returns the frames that are now complete. Throws FrameError on foreign bytes. */
  push(chunk: Uint8Array): Frame[] {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    const frames: Frame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): Frame | undefined {
    if (this.#pendingBytes < headBytes) return undefined;
    const first = this.#pending[0];
    const bytes = first !== undefined && first.length >= headBytes ? first : this.#join();
    const view = viewOf(bytes);
    const typeByte = view.getUint8(0);
    const type = nameOf.get(typeByte);
    if (type === undefined) throw new FrameError(`unknown frame type ${typeByte}`);
    const length = view.getUint32(1);
    if (length > maxPayloadBytes) throw new FrameError(`a ${type} frame of ${length} bytes is too long`);
    if (this.#pendingBytes < headBytes + length) return undefined;
    const whole = this.#join();
    this.#pending = whole.length > headBytes + length ? [whole.subarray(headBytes + length)] : [];
    this.#pendingBytes -= headBytes + length;
    return { type, payload: whole.subarray(headBytes, headBytes + length) };
  }

  #join(): Uint8Array {
    const [only] = this.#pending;
    if (this.#pending.length === 1 && only !== undefined) return only;
    const whole = new Uint8Array(this.#pendingBytes);
    let at = 0;
    for (const part of this.#pending) {
      whole.set(part, at);
      at += part.length;
    }
    this.#pending = [whole];
    return whole;
  }
}
