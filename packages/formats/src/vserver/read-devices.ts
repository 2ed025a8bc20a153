// What a guest may do and use: its capabilities, those that stand for finer flags, and its devices.
// SPDX-License-Identifier: Apache-2.0
import type { CapabilityName, Domain, Hostdev } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import { isCapability, withCapabilities, withDevice } from '../edit.js';
import { approximated, carried, ignored, settle } from '../outcome.js';
import { insecureCapabilities } from './capabilities.js';
import type { GuestContext } from './read-limits.js';

/** Where it is noted which capabilities stand for finer flags of the guest's, that alone come back. */
export const lentName = 'vserver:lent';

/** A guest starts from a set of its own, smaller than LXC's. */
export const readCapabilities = (domain: Domain, { tree, report }: GuestContext): Domain => {
  const states = new Map<CapabilityName, 'on' | 'off'>(insecureCapabilities.map((word) => [word, 'off']));
  for (const { text, line } of tree.list('bcapabilities')) {
    const word = text.replace(/^[~!]/, '').replace(/^CAP_/i, '').toLowerCase();
    const place = tree.place('bcapabilities', line);
    if (isCapability(word)) {
      states.set(word, /^[~!]/.test(text) ? 'off' : 'on');
      report.carried(place, 'capabilities');
    } else report.ignored(place, `libvirt knows no capability ${word}`);
  }
  const lent = new Set<CapabilityName>();
  const wide = (path: string, pattern: RegExp, capability: CapabilityName, how: string): void => {
    for (const { text, line } of tree.list(path)) {
      if (!pattern.test(text)) continue;
      if (states.get(capability) !== 'on') lent.add(capability);
      states.set(capability, 'on');
      report.approximated(tree.place(path, line), how);
    }
  };
  wide(
    'ccapabilities',
    /^(secure_mount|secure_remount|binary_mount|mount|remount)$/i,
    'sys_admin',
    'sys_admin, which allows far more',
  );
  wide('ccapabilities', /^(raw_icmp|icmp|ping)$/i, 'net_raw', 'net_raw, which allows more');
  wide('ncapabilities', /^raw_icmp$/i, 'net_raw', 'net_raw, which allows more');
  return withAnother(withCapabilities(domain, 'default', states), lentName, [...lent].join(' '));
};

const tun: Hostdev = { type: 'misc', mode: 'capabilities', source: { char: '/dev/net/tun' } };

/** Devices of `vdevmap` that may be opened, and tun where the guest may make it; the others are kept whole. */
export const readDevices = (domain: Domain, { tree, report, folders }: GuestContext): Domain => {
  let result = domain;
  const [asked] = tree.list('ncapabilities').filter(({ text }) => /^tun_create$/i.test(text));
  if (asked !== undefined)
    result = settle(
      result,
      carried(withDevice(result, tun), 'hostdev'),
      [tree.place('ncapabilities', asked.line)],
      report,
    );
  const others: string[] = [];
  const taken = new Map<string, string>();
  for (const id of tree.children('apps/vdevmap')) {
    const path = `apps/vdevmap/${id}/device`;
    const device = tree.scalar(path) ?? '';
    const usable = device.startsWith('/dev/') && tree.has(`apps/vdevmap/${id}/open`);
    const remapped = tree.has(`apps/vdevmap/${id}/remap`);
    const outcome = !usable
      ? ignored('it is not to be opened; kept whole')
      : remapped
        ? approximated(withDevice(result, deviceOf(device)), 'hostdev, under its own name')
        : carried(withDevice(result, deviceOf(device)), 'hostdev');
    result = settle(result, outcome, [tree.place(path)], report);
    if (usable) taken.set(`apps/vdevmap/${id}`, JSON.stringify(deviceOf(device)));
    else others.push(`apps/vdevmap/${id}`);
  }
  const devices = (result.devices.hostdevs ?? []).map((one) => JSON.stringify(one));
  for (const [folder, device] of taken) folders.move(folder, deviceFolder(devices.indexOf(device)));
  folders.keep(others, (index) => deviceFolder(devices.length + index));
  return result;
};

/** The name of the folder of a device, by its place. */
export const deviceFolder = (place: number): string => `apps/vdevmap/${place}`;

const deviceOf = (path: string): Hostdev =>
  /^\/dev\/(sd|vd|xvd|nvme|loop|md|dm-|mapper\/|hd|ram)/.test(path)
    ? { type: 'storage', mode: 'capabilities', source: { block: path } }
    : { type: 'misc', mode: 'capabilities', source: { char: path } };
