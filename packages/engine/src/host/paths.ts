// What lies in what, by paths without links and dots.
// SPDX-License-Identifier: Apache-2.0

/** Whether a path is a folder, or lies below it. */
export const isPathIn = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

/** File systems that are the kernel's words, and no files. */
export const kernelFolders = ['/proc', '/sys', '/dev'] as const;
