// Container files of systems that are none of the formats, known so that they can be told by name.
// SPDX-License-Identifier: Apache-2.0

/** Keys that every container of Proxmox VE has one of at least, beside whatever else. */
const proxmoxKeys = /^(arch|cores|hostname|memory|net\d|ostype|rootfs|swap|unprivileged):[ \t]/;

/** Whose file it is, and what to do; undefined for any other text. */
export function foreignIn(text: string): string | undefined {
  const lines = text.split('\n', 200);
  const known = lines.filter((line) => proxmoxKeys.test(line));
  const isProxmox = known.length >= 2 && known.some((line) => /^(rootfs|ostype|arch):/.test(line));
  return isProxmox
    ? "it is a container of Proxmox VE ('key: value'), which no format here reads: 'pct config' and /var/lib/lxc/ID/config on that host show what liblxc is given"
    : undefined;
}
