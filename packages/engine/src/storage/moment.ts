// Mounts for as long as something is done, opened when the first one is wanted.
// SPDX-License-Identifier: Apache-2.0
import { PrivateMounts } from '../host/private-mounts.js';

/** `folder` is where a start puts its mounts. */
export async function atMoment<T>(
  folder: string,
  work: (mounts: () => PrivateMounts) => Promise<T>,
): Promise<T> {
  let opened: PrivateMounts | undefined;
  try {
    return await work(() => {
      opened ??= PrivateMounts.open(folder);
      return opened;
    });
  } finally {
    opened?.[Symbol.dispose]();
  }
}
