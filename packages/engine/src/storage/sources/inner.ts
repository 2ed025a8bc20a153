// What is mounted inside a container from nothing of the host's: memory, and second views of its own folders, with their options.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import type { FilesystemSpec } from '../contract/backend.js';
import { attributesOf, splitOptions } from './mounting.js';

type Optioned = Pick<FilesystemSpec, 'readOnly' | 'options'>;

/** Of tmpfs; how large it is the document says elsewhere. */
const ofMemory = /^(?:mode=[0-7]{1,4}|nr_inodes=\d{1,9}[kKmMgG]?|[ug]id=\d{1,9})$/;

/** Throws `unsupported` for options that memory does not have. */
export function memoryOptions(mount: Optioned & { readonly sizeKiB: number | undefined }): {
  readonly attributes: number;
  readonly data: readonly string[];
} {
  const { attributes, data } = splitOptions(mount);
  const own = data.split(',').filter((option) => option !== '');
  const odd = own.filter((option) => !ofMemory.test(option));
  if (odd.length > 0)
    throw new EngineError(
      'unsupported',
      `memory has no mount option '${odd.join()}': ro, nosuid, nodev, noexec, noatime, mode=…, uid=…, gid=… and nr_inodes=… are known here, and its size is in usage='…'`,
      { options: mount.options },
    );
  return { attributes, data: [...own, ...(mount.sizeKiB === undefined ? [] : [`size=${mount.sizeKiB}k`])] };
}

export const bindAttributes = (mount: Optioned): number => attributesOf(mount, 'a directory');
