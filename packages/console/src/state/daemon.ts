// The daemon that the page came from, and the half of the session that only this page knows.
// SPDX-License-Identifier: Apache-2.0
import { createClient } from '@ctvirt/api/browser';
import { signal } from '@preact/signals';
import { hearDate } from './clock.js';

const keyName = 'ctvirt-key';

/** The page's half of the session. */
export const key = {
  /** Whether that name of the browser's storage is its own; null is all of them. */
  isAt: (name: string | null): boolean => name === null || name === keyName,
  get: (): string | undefined => localStorage.getItem(keyName) ?? undefined,
  keep: (value: string): void => localStorage.setItem(keyName, value),
  forget: (): void => localStorage.removeItem(keyName),
};

/** What the daemon remarked last on something that it did. */
export const remarks = signal<readonly string[]>([]);

/** Every operation of the daemon. */
export const daemon = createClient('', {
  key: key.get,
  onDate: hearDate,
  onRemark: (remark) => {
    remarks.value = [...remarks.value, remark];
  },
});
