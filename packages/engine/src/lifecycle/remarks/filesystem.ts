// What stands in a <filesystem> and has no effect.
// SPDX-License-Identifier: Apache-2.0
import type { Filesystem } from '@ctvirt/xml';
import { type Row, remark } from './remark.js';

/** What a container's file systems are made with anyway. */
const servers = new Set(['path', 'handle', 'loop']);

export const onFilesystem: readonly Row<Filesystem>[] = [
  ({ type, spaceSoftLimitBytes: soft, spaceHardLimitBytes: hard }) =>
    remark(
      type === 'template' && hard === undefined ? soft : undefined,
      '/space_soft_limit',
      'a soft limit without a hard one is recorded: only the hard limit makes a file system of its own',
    ),
  ({ type, spaceHardLimitBytes, spaceSoftLimitBytes, quotas }) =>
    remark(
      type === 'template' ? undefined : (spaceHardLimitBytes ?? spaceSoftLimitBytes ?? quotas?.[0]),
      '',
      'a file system that is made of no template is as large as its source: its limits are recorded',
    ),
  ({ accessmode }) =>
    remark(
      accessmode === 'passthrough' ? undefined : accessmode,
      '/@accessmode',
      "the container's users reach files with their own rights",
    ),
  ({ type, readonly }) =>
    remark(
      type === 'dataset' ? readonly : undefined,
      '/readonly',
      "the container's root mounts the dataset as it likes: `zfs set readonly=on` of it on the host holds",
    ),
  ({ type, source: { options } }) =>
    remark(
      type === 'dataset' ? options : undefined,
      '/source/@options',
      'the container mounts the dataset itself, by its properties',
    ),
  ({ fmode }) => remark(fmode, '/@fmode', 'files have the mode that they are made with'),
  ({ dmode }) => remark(dmode, '/@dmode', 'directories have the mode that they are made with'),
  ({ driver }) =>
    remark(
      driver?.type !== undefined && !servers.has(driver.type),
      '/driver/@type',
      'a directory is mounted as it is, and an image through a loop device',
    ),
  ({ driver }) =>
    remark(
      driver?.format !== undefined && driver.format !== 'raw',
      '/driver/@format',
      'an image is taken for a raw one: another format does not start',
    ),
  ({ driver }) =>
    remark(driver?.wrpolicy === 'immediate', '/driver/@wrpolicy', "writes go through the host's cache"),
];
