// The daemon that the page came from, and the half of the session that only this page knows.
// SPDX-License-Identifier: Apache-2.0
import { createClient } from '@ctvirt/api/browser';
import { signal } from '@preact/signals';

const keyName = 'ctvirt-key';

/** The page's half of the session. */
export const key = {
  get: (): string | undefined => localStorage.getItem(keyName) ?? undefined,
  keep: (value: string): void => localStorage.setItem(keyName, value),
  forget: (): void => localStorage.removeItem(keyName),
};

/** What the daemon remarked last on something that it did. */
export const remarks = signal<readonly string[]>([]);

/** Every operation of the daemon. */
export const daemon = createClient('', {
  key: key.get,
  onRemark: (remark) => {
    remarks.value = [...remarks.value, remark];
  },
});
