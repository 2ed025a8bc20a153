// Processes and control groups end while they are looked at; whatever else keeps anybody from looking is no sign of that.
// SPDX-License-Identifier: Apache-2.0

/** What the kernel says of a file whose process or group is not there any more. */
const codes = new Set(['ENOENT', 'ESRCH', 'ENODEV']);

/** Whether an error has this errno. */
export const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Whether an error says that a process or control group has ended. */
export const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && codes.has(String(error.code));

/** Undefined if it is gone: an error for want of descriptors or memory stays one, lest somebody is taken for dead. */
export function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
