// <console>: a terminal of the container.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText, oneOf, uint32, yesNo } from '../schema/scalar.js';
import { address, alias } from './device.js';

const source = element('source', {
  doc: "The host's end.",
  fields: {
    mode: attribute(oneOf('connect', 'bind'), { doc: 'Whether a socket connects or listens.' }),
    host: attribute(nonEmptyText, { doc: 'Host of a socket.' }),
    service: attribute(nonEmptyText, { doc: 'Port of a socket.' }),
    tls: attribute(yesNo, { doc: 'Whether a socket uses TLS.' }),
    path: attribute(nonEmptyText, { doc: 'Path of a file, device or socket.' }),
    append: attribute(oneOf('on', 'off', 'default'), { doc: 'Whether a file is added to.' }),
    channel: attribute(nonEmptyText, { doc: 'Channel of SPICE.' }),
  },
});

const target = element('target', {
  doc: "The container's end.",
  example: "<target type='lxc' port='0'/>",
  fields: {
    type: attribute(oneOf('lxc', 'openvz', 'serial', 'virtio', 'xen', 'uml', 'sclp', 'sclplm'), {
      assumed: 'lxc',
      doc: 'Kind of console.',
    }),
    port: attribute(uint32, { doc: 'Number of the console.', assumed: 0 }),
  },
});

const protocol = element('protocol', {
  doc: 'Protocol of a socket.',
  fields: { type: attribute(oneOf('raw', 'telnet', 'telnets', 'tls'), { doc: 'Its name.', required: true }) },
});

const log = element('log', {
  doc: 'A file that output is copied to.',
  fields: {
    file: attribute(nonEmptyText, { doc: 'Path of the file.', required: true }),
    append: attribute(oneOf('on', 'off', 'default'), { doc: 'Whether it is added to.' }),
  },
});

/** The terminal is a `pty` unless its type says otherwise. */
export const consoleDevice = element('console', {
  doc: 'A terminal of the container.',
  example: "<console type='pty'>\n  <target type='lxc' port='0'/>\n</console>",
  fields: {
    type: attribute(
      oneOf(
        'pty',
        'null',
        'vc',
        'dev',
        'file',
        'pipe',
        'stdio',
        'udp',
        'tcp',
        'unix',
        'spicevmc',
        'spiceport',
        'nmdm',
        'qemu-vdagent',
        'dbus',
      ),
      { doc: "What the host's end is.", fallback: 'pty' },
    ),
    tty: attribute(nonEmptyText, { doc: 'Path of the terminal, in a running domain.', live: true }),
    source: child(source),
    protocol: child(protocol),
    log: child(log),
    target: child(target, { assumed: { type: 'lxc', port: 0 } }),
    alias: child(alias),
    address: child(address),
  },
});

/** A terminal with both of its ends: `source` on the host, `target` in the container. */
export type Console = Infer<typeof consoleDevice>;
