// The umask of what runs in a container: that which a kernel gives its first process, and not the daemon's own.
// SPDX-License-Identifier: Apache-2.0

const GUEST_UMASK = 0o022;

/**
 * Programs have the umask of whoever starts them, and neither Node nor liblxc can give them another. What `start` does before it
 * returns is done with it.
 */
export function withGuestUmask<T>(start: () => T): T {
  const own = process.umask(GUEST_UMASK);
  try {
    return start();
  } finally {
    process.umask(own);
  }
}
