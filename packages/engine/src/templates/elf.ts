// Reads from an ELF file's first bytes which machine it is for and whether it needs a loader.
// SPDX-License-Identifier: Apache-2.0

/** Machine in libvirt's words, and whether the program names a dynamic loader. */
export interface ElfFacts {
  arch: string;
  needsLoader: boolean;
}

// ELF e_machine, class (1 = 32 bit) and byte order (1 = little) against libvirt's names.
const machines: readonly { machine: number; bits: 1 | 2; order: 1 | 2; arch: string }[] = [
  { machine: 3, bits: 1, order: 1, arch: 'i686' },
  { machine: 8, bits: 1, order: 2, arch: 'mips' },
  { machine: 8, bits: 1, order: 1, arch: 'mipsel' },
  { machine: 8, bits: 2, order: 1, arch: 'mips64el' },
  { machine: 20, bits: 1, order: 2, arch: 'ppc' },
  { machine: 21, bits: 2, order: 2, arch: 'ppc64' },
  { machine: 21, bits: 2, order: 1, arch: 'ppc64le' },
  { machine: 22, bits: 2, order: 2, arch: 's390x' },
  { machine: 40, bits: 1, order: 1, arch: 'armv7l' },
  { machine: 50, bits: 2, order: 1, arch: 'ia64' },
  { machine: 62, bits: 2, order: 1, arch: 'x86_64' },
  { machine: 183, bits: 2, order: 1, arch: 'aarch64' },
  { machine: 243, bits: 2, order: 1, arch: 'riscv64' },
  { machine: 258, bits: 2, order: 1, arch: 'loongarch64' },
];

const PT_INTERP = 3;

/** Facts of an ELF file from its beginning (4 KiB is plenty); undefined if it is none or not known. */
export function parseElf(bytes: Buffer): ElfFacts | undefined {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const [bits, order] = [bytes[4], bytes[5]];
  const little = order === 1;
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u64 = (at: number) => Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const machine = u16(18);
  const known = machines.find((row) => row.machine === machine && row.bits === bits && row.order === order);
  if (!known) return undefined;
  const start = bits === 2 ? u64(32) : u32(28);
  const size = u16(bits === 2 ? 54 : 42);
  const count = u16(bits === 2 ? 56 : 44);
  let needsLoader = false;
  for (let i = 0; i < count; i++) {
    const at = start + i * size;
    if (at + 4 > bytes.length) break;
    if (u32(at) === PT_INTERP) needsLoader = true;
  }
  return { arch: known.arch, needsLoader };
}
