// What machines are called in images, and by the kernel.
// SPDX-License-Identifier: Apache-2.0

interface Machine {
  /** By Node, of the host. */
  readonly node: string;
  readonly kernel: string;
  readonly image: string;
}

const machines: readonly Machine[] = [
  { node: 'x64', kernel: 'x86_64', image: 'amd64' },
  { node: 'arm64', kernel: 'aarch64', image: 'arm64' },
  { node: 'ia32', kernel: 'i686', image: '386' },
  { node: 'arm', kernel: 'armv7l', image: 'arm' },
];

const host = machines.find(({ node }) => node === process.arch);

/** The host's machine in the words of images. */
export const hostMachine = (): string => host?.image ?? process.arch;

/** The same as the kernel calls it. */
export const hostKernelMachine = (): string => host?.kernel ?? process.arch;

/** Of the kernel's name, which most have in images, too; the host's if there is none. */
export const imageMachine = (kernel: string | undefined): string =>
  machines.find((one) => one.kernel === kernel)?.image ?? kernel ?? hostMachine();
