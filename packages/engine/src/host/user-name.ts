// What users of the host are called.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { unlessGone } from './gone.js';

/** By the host's own list; undefined of who stands in none, or in that of a directory. */
export function userName(uid: number): string | undefined {
  const lines = unlessGone(() => readFileSync('/etc/passwd', 'utf8'))?.split('\n') ?? [];
  const found = lines.map((line) => line.split(':')).find(([, , id]) => id === String(uid));
  return found?.[0] || undefined;
}
