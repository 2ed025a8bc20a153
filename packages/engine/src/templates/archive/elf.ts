// Reads from an ELF file's first bytes which machine it is for and whether it needs a loader.
// SPDX-License-Identifier: Apache-2.0

/** Machine in libvirt's words, and whether the program names a dynamic loader. */
export interface ElfFacts {
  arch: string;
  needsLoader: boolean;
}

/** libvirt's names of ELF e_machine, class (1 = 32 bit) and byte order (1 = little), a line each. */
const machines = new Map(
  `
  3 1 1 i686
  8 1 2 mips
  8 1 1 mipsel
  8 2 1 mips64el
  20 1 2 ppc
  21 2 2 ppc64
  21 2 1 ppc64le
  22 2 2 s390x
  40 1 1 armv7l
  50 2 1 ia64
  62 2 1 x86_64
  183 2 1 aarch64
  243 2 1 riscv64
  258 2 1 loongarch64`
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '))
    .map(([machine, bits, order, arch = '']) => [`${machine} ${bits} ${order}`, arch]),
);

const PT_INTERP = 3;

/** Facts of an ELF file from its beginning (4 KiB is plenty); undefined if it is none or not known. */
export function parseElf(bytes: Buffer): ElfFacts | undefined {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const [bits, order] = [bytes[4], bytes[5]];
  const little = order === 1;
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u64 = (at: number) => Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const arch = machines.get(`${u16(18)} ${bits} ${order}`);
  if (arch === undefined) return undefined;
  const start = bits === 2 ? u64(32) : u32(28);
  const size = u16(bits === 2 ? 54 : 42);
  const count = u16(bits === 2 ? 56 : 44);
  let needsLoader = false;
  for (let i = 0; i < count; i++) {
    const at = start + i * size;
    if (at + 4 > bytes.length) break;
    if (u32(at) === PT_INTERP) needsLoader = true;
  }
  return { arch, needsLoader };
}
