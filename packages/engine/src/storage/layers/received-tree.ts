// What a layer keeps of a tree that another host has made: the container's files, and nothing beside them.
// SPDX-License-Identifier: Apache-2.0
import { hostsAttributes } from '../contract/overlay.js';
import { HOST_ROOT } from './ids.js';

/** lremovexattr(2), which no program does that every Debian has. */
const REMOVE = process.arch === 'x64' ? 198 : 15;
/** The file has no such attribute. */
const ENODATA = 61;

/** Of each file, named after the attributes. */
const LOSE = `my @names = splice @ARGV, 0, ${hostsAttributes.length};
for my $path (@ARGV) { for my $name (@names) {
syscall(${REMOVE}, $path, $name) == 0 or $! == ${ENODATA} or die "$name of $path: $!\n" } }`;

/**
 * For a shell in the tree's root, which ends where one fails, with `losing` as its arguments. What is in a copy is another host's to
 * say, and what is beside the container's tree is not: overlay's folder and the layer's own are made anew.
 */
export const KEEP_FILES = `test -d upper -a ! -L upper || { echo 'it has no files of a container' >&2; exit 1; }
find . -mindepth 1 -maxdepth 1 ! -name upper -exec rm -rf -- {} +
mkdir -m 700 work
chown ${HOST_ROOT}:${HOST_ROOT} work
chown 0:0 . && chmod 700 .
find upper -exec "$@" {} +`;

/** With -e perl opens a device, and there are none. */
export const losing = ['sh', '-c', 'printf %s "$0" | perl - "$@"', LOSE, ...hostsAttributes] as const;
