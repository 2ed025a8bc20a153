// Processor time of this process, which other programs on a busy machine do not lengthen.
// SPDX-License-Identifier: Apache-2.0

/** Milliseconds of processor time that `work` takes. */
export function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
