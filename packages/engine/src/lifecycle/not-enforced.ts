// What of a document is understood and kept, but has no effect on this host: said at define, never in silence.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Filesystem, Finding, FindingCode, Hostdev, Interface } from '@ctvirt/xml';

type Remark = readonly [path: string, message: string];

const onDomain: readonly ((domain: Domain) => Remark | undefined)[] = [
  ({ seclabels }) =>
    remark(seclabels?.[0], '/domain/seclabel', "the container runs under liblxc's own security label"),
  ({ lxcNamespace }) =>
    remark(lxcNamespace, '/domain/lxc:namespace', 'the container has namespaces of its own and shares none'),
  ({ devices }) =>
    remark(
      devices.disks?.[0],
      '/domain/devices/disk',
      'disks are not handed over: a <filesystem> of type file or block is mounted',
    ),
  ({ clock }) =>
    remark(
      clock?.offset === 'variable' || undefined,
      '/domain/clock',
      "a container has the host's wall clock",
    ),
];

const onFilesystem: readonly ((filesystem: Filesystem) => Remark | undefined)[] = [
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
      `a file system of type ${type} is as large as its source: its limits are recorded`,
    ),
  ({ accessmode }) =>
    remark(
      accessmode === 'passthrough' ? undefined : accessmode,
      '/@accessmode',
      "the container's users reach files with their own rights",
    ),
];

const onHostdev: readonly ((hostdev: Hostdev) => Remark | undefined)[] = [
  ({ type }) =>
    remark(
      type === 'misc' ? undefined : type,
      '',
      type === 'storage'
        ? 'a block device is not handed over as it is: a <filesystem> of type block is mounted'
        : 'of the devices of the host character devices alone are handed over',
    ),
];

const onInterface: readonly ((link: Interface) => Remark | undefined)[] = [
  ({ type, bandwidth }) =>
    remark(
      type === 'direct' ? bandwidth : undefined,
      '/bandwidth',
      'the rates of a direct link are not limited: it has no end on the host',
    ),
  ({ bandwidth }) =>
    remark(
      bandwidth?.inbound?.floor,
      '/bandwidth/inbound/@floor',
      'a rate is limited here, and not guaranteed',
    ),
  ({ type, routes }) =>
    remark(
      type === 'ethernet' ? routes?.[0] : undefined,
      '/route',
      'a routed interface has one way, which is the host',
    ),
  ({ type, link, routes }) =>
    remark(
      type !== 'ethernet' && link?.state === 'down' ? routes?.[0] : undefined,
      '/route',
      'no route leads over a link that is down',
    ),
  ({ vlan }) => remark(vlan, '/vlan', 'frames are not tagged yet'),
  ({ filterref }) => remark(filterref, '/filterref', 'network filters are not applied'),
  ({ script }) => remark(script, '/script', 'scripts of interfaces are not run'),
];

/** One warning for each such element; paths are those of the canonical document. */
export function notEnforced(domain: Domain): Finding[] {
  const each = <T>(rows: readonly ((model: T) => Remark | undefined)[], model: T, base: string): Remark[] =>
    rows.flatMap((row) => {
      const found = row(model);
      return found === undefined ? [] : [[base + found[0], found[1]] as const];
    });
  const remarks = [
    ...each(onDomain, domain, ''),
    ...(domain.devices.filesystems ?? []).flatMap((one, index) =>
      each(onFilesystem, one, `/domain/devices/filesystem[${index + 1}]`),
    ),
    ...(domain.devices.interfaces ?? []).flatMap((one, index) =>
      each(onInterface, one, `/domain/devices/interface[${index + 1}]`),
    ),
    ...(domain.devices.hostdevs ?? []).flatMap((one, index) =>
      each(onHostdev, one, `/domain/devices/hostdev[${index + 1}]`),
    ),
  ];
  return remarks.map(([path, message]) => notKept(path, message));
}

/** A warning about the document; the path is of the canonical one, which has no lines. */
export const remarkOf = (code: FindingCode, path: string, message: string): Finding => ({
  severity: 'warning',
  code,
  message,
  line: 0,
  column: 0,
  path,
});

/** Returns a remark for something that is recorded but not enforced. */
export const notKept = (path: string, message: string): Finding => remarkOf('not-enforced', path, message);

const remark = (present: unknown, path: string, message: string): Remark | undefined =>
  present === undefined ? undefined : [path, message];
