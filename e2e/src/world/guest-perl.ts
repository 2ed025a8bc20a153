// Perl for containers that have none: busybox calls no system call by number.
// SPDX-License-Identifier: Apache-2.0
import { copyFile, mkdir } from 'node:fs/promises';
import { basename } from 'node:path';

const libraries = ['libm.so.6', 'libc.so.6', 'libcrypt.so.1'].map((name) => `/lib/x86_64-linux-gnu/${name}`);
const loader = '/lib64/ld-linux-x86-64.so.2';

/** How a container calls it that has the file system. */
export const perl = ['/tools/ld-linux-x86-64.so.2', '--library-path', '/tools', '/tools/perl'] as const;

/** Copies it with its libraries to a folder of the host's; returns the `<filesystem>` that brings it. */
export async function perlIn(host: string): Promise<string> {
  const folder = `${host}/tools`;
  await mkdir(folder, { recursive: true });
  for (const path of ['/usr/bin/perl', loader, ...libraries])
    await copyFile(path, `${folder}/${basename(path)}`);
  return `<filesystem><source dir='${folder}'/><target dir='/tools'/><readonly/></filesystem>`;
}
