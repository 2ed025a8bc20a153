// Mount options that a document's file systems do not have: refused with their place, before anything is made.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Finding } from '@ctvirt/xml';
import { isFault } from '../errors.js';
import { bindAttributes, memoryOptions } from '../storage/sources/inner.js';
import { attributesOf } from '../storage/sources/mounting.js';

type Kinds = Readonly<
  Record<string, (spec: { readonly readOnly: boolean; readonly options: readonly string[] }) => unknown>
>;

/** Of images and devices the file system on them knows its own; folders are looked at when they are there, at the start. */
const known: Kinds = {
  template: (spec) => attributesOf(spec, 'a template'),
  ram: (spec) => memoryOptions({ ...spec, sizeKiB: undefined }),
  bind: bindAttributes,
};

export const splitAtCommas = (options: string | undefined): string[] =>
  options === undefined ? [] : options.split(',').filter((option) => option !== '');

export function oddOptions({ devices }: Domain): Finding[] {
  return (devices.filesystems ?? []).flatMap(({ type, source }, index): Finding[] => {
    try {
      known[type]?.({ readOnly: false, options: splitAtCommas(source.options) });
      return [];
    } catch (error) {
      if (!isFault(error, 'unsupported')) throw error;
      const path = `/domain/devices/filesystem[${index + 1}]/source/@options`;
      return [{ severity: 'error', code: 'bad-value', message: error.message, line: 0, column: 0, path }];
    }
  });
}
