// Streams as `btrfs send` writes them, made by hand of commands that it never would.
// SPDX-License-Identifier: Apache-2.0

/** By their numbers in the kernel's fs/btrfs/send.h. */
const commands = {
  ...{ subvol: 1, mkfile: 3, mkdir: 4, mknod: 5, symlink: 8, unlink: 11, clone: 16, truncate: 17, end: 21 },
} as const;
const attributes = {
  ...{ uuid: 1, ctransid: 2, ino: 3, size: 4, mode: 5, rdev: 8, path: 15, linkTo: 17, fileOffset: 18 },
  ...{ cloneUuid: 20, cloneTransid: 21, clonePath: 22, cloneOffset: 23, cloneLength: 24 },
} as const;
type Attributes = Readonly<Partial<Record<keyof typeof attributes, string | bigint | Buffer>>>;

/** A command with what it is given, in the order in which it is sent. */
export type Command = readonly [keyof typeof commands, Attributes];

/** The last one of each. */
export const END = Buffer.from('000000001500506cc99d', 'hex');

export function streamOf(list: readonly Command[]): Buffer {
  const head = Buffer.from('btrfs-stream\0\x01\0\0\0', 'latin1');
  return Buffer.concat([head, ...list.map(([name, given]) => commandOf(name, given)), END]);
}

export function commandOf(name: keyof typeof commands, given: Attributes): Buffer {
  const body = Buffer.concat(
    Object.entries(given).flatMap(([key, value]) => {
      const content = bytesOf(value);
      const head = Buffer.alloc(4);
      head.writeUInt16LE(attributes[key as keyof typeof attributes], 0);
      head.writeUInt16LE(content.length, 2);
      return [head, content];
    }),
  );
  const head = Buffer.alloc(10);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt16LE(commands[name], 4);
  const command = Buffer.concat([head, body]);
  command.writeUInt32LE(crc32c(command), 6);
  return command;
}

function bytesOf(value: string | bigint | Buffer): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  if (typeof value !== 'bigint') return value;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Begun with nothing, and not turned over at its end, as btrfs has it. */
function crc32c(bytes: Buffer): number {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  }
  return sum >>> 0;
}
