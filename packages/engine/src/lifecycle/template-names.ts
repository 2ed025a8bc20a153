// A document whose file systems stand on templates by other names: those that the same ones have on this host.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { filesystemsOf } from './document.js';

/** `names` are by where a file system is mounted; those that it does not know stay as they are. */
export function withTemplates(domain: Domain, names: ReadonlyMap<string, string>): Domain {
  const targets = filesystemsOf(domain).map(({ target }) => target);
  const filesystems = (domain.devices.filesystems ?? []).map((filesystem) => {
    if (filesystem.type !== 'template') return filesystem;
    const target = targets.find((one) => one === filesystem.target?.dir) ?? filesystem.target?.dir ?? '/';
    const name = names.get(target);
    return name === undefined ? filesystem : { ...filesystem, source: { ...filesystem.source, name } };
  });
  return { ...domain, devices: { ...domain.devices, filesystems } };
}
