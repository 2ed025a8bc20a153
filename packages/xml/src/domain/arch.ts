// Architectures of processors by libvirt's names, which its drivers refuse all others of.
// SPDX-License-Identifier: Apache-2.0
import { nearest } from '../nearest.js';
import type { Report } from '../schema/report.js';

/** libvirt's names of architectures, those of its later releases among them. */
const arches: ReadonlySet<string> = new Set(
  (
    'alpha armv6l armv7l armv7b aarch64 cris i686 ia64 lm32 loongarch64 m68k microblaze microblazeel mips mipsel mips64 mips64el ' +
    'openrisc parisc parisc64 ppc ppcle ppc64 ppc64le ppcemb riscv32 riscv64 s390 s390x sh4 sh4eb sparc sparc64 unicore32 x86_64 ' +
    'xtensa xtensaeb'
  ).split(' '),
);

/** What others call them, as far as nearness does not tell. */
const archesOfOthers: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  armel: 'armv6l',
  armhf: 'armv7l',
  i386: 'i686',
  i486: 'i686',
  i586: 'i686',
  linux32: 'i686',
  linux64: 'x86_64',
  ppc64el: 'ppc64le',
  x64: 'x86_64',
  x86: 'i686',
};

/** Of an element with an attribute `arch`. */
export function checkArch(arch: string | undefined, report: Report): void {
  if (arch === undefined || arches.has(arch)) return;
  const known = Object.hasOwn(archesOfOthers, arch) ? archesOfOthers[arch] : undefined;
  const suggestion = known ?? nearest(arch, arches);
  const shown = arch.slice(0, 100);
  const hint = suggestion === undefined ? '' : `; did you mean '${suggestion}'?`;
  report.refuse('bad-value', ['arch'], `'${shown}' is no architecture that libvirt knows${hint}`, {
    found: shown,
    expected: "libvirt's name of an architecture, such as x86_64 or aarch64",
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}
