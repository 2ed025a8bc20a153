// The compatibility page: every procedure of libvirt's protocol, whether it is answered here, and how it differs.
// SPDX-License-Identifier: Apache-2.0
import { functionName, lxc, ownProcedureNames, type Procedure, remote } from '@ctvirt/rpc';
import { groups } from './index.js';
import type { Binding } from './session.js';
import { describeMoves } from './words/move.js';

/** What a user of libvirt's own drivers would not expect, by procedure. */
const notes: Readonly<Record<string, string>> = {
  connectOpen: '`ctvirt:///system` shows all domains; `lxc`, `openvz` and `vserver` their own type',
  connectSupportsFeature: 'no passing of file descriptors; migration in its third version, with parameters',
  connectDomainXmlFromNative: '`lxc-tools`, `openvz`, `zonecfg`',
  connectDomainXmlToNative: '`lxc-tools`, `openvz`, `zonecfg`',
  connectGetAllDomainStats:
    'state, cpu, balloon, vcpu, interface, block; the I/O of a container counts as one disk, `/`',
  connectGetVersion: "liblxc's",
  connectGetLibVersion: 'of the libvirt whose protocol this is',
  connectGetSysinfo: 'always refused',
  domainAttachDevice: 'interfaces, folders of the host, device files',
  domainAttachDeviceFlags: 'live: interfaces, folders of the host, device files; configuration: all devices',
  domainDetachDevice: 'interfaces, folders of the host, device files',
  domainDetachDeviceFlags: 'live: interfaces, folders of the host, device files; configuration: all devices',
  domainUpdateDeviceFlags: 'live: ports of the host that lead to an interface; configuration: all devices',
  domainBlockStats: 'of the whole container: path `/` or empty',
  domainBlockStatsFlags: 'of the whole container: path `/` or empty',
  domainGetBlockInfo: 'of the root file system, `/`, if it is limited',
  domainGetFsinfo: 'of the document; the kind is that of `<filesystem>`',
  domainGetGuestInfo: 'hostname and interfaces, asked of the kernel',
  domainAuthorizedSshKeysGet: "by the container's own programs",
  domainAuthorizedSshKeysSet: "by the container's own programs",
  domainSetUserPassword: "by the container's own programs",
  domainFsfreeze:
    'an image by its own file system; where files lie on that of the host, its processes stand still instead; two minutes at most',
  domainFsthaw: 'all that were frozen; refused where they were let go before',
  domainFstrim: 'of images',
  domainGetJobStats: 'the last one stays known until the next has ended',
  domainMigrateBegin3Params:
    'the domain has no other turn and no other job from here on, as long as the connection stands',
  domainMigratePrepare3Params:
    'of another ctvirtd alone; it keeps nothing, and answers `ctvirt+ssh://` or `ctvirt+tls://` of its host',
  domainMigratePrepareTunnel3Params: 'of another ctvirtd alone',
  domainMigratePerform3Params:
    'the source sends the files to the other ctvirtd itself; once this has succeeded the domain is there, whatever follows',
  domainMigrateFinish3Params: 'tells whether it is there',
  domainMigrateConfirm3Params: 'ends what was begun and not performed',
  domainGetTime: "the host's, which every container has",
  domainSetTime: "refused unless it is the host's: that is what every container has",
  domainGetVcpus: "the kernel counts a container's time as a whole: each processor is told an equal share",
  domainSetVcpus: 'a share of processor time: maximum and present number are the same',
  domainSetVcpusFlags: 'a share of processor time: maximum and present number are the same',
  domainInterfaceAddresses: 'source `lease`: of networks; all else is asked of the kernel',
  domainOpenConsole: 'one client at a time, the next with the force flag',
  domainOpenNamespace:
    'refused: with them virsh would be nobody in the container and free of its limits (decision 0014); `ctvirt exec` runs programs inside',
  domainPinVcpu: 'the container runs where any of its processors may',
  domainPinVcpuFlags: 'the container runs where any of its processors may',
  domainReboot: 'by init, whatever the mode',
  domainSendProcessSignal: 'to any process, by its number in the container',
  domainSetMemoryFlags: 'live it sets the limit the kernel keeps',
  domainShutdown: 'by init',
  domainShutdownFlags: 'by init, whatever the mode',
  domainSuspend: 'of one that is moved just now: it is shut down at once, and its other files are sent then',
  domainSnapshotCreateXml:
    'of files and document, not of memory; what libvirt asks of disks is refused. Of one that is there it changes the description',
  domainSnapshotDelete: 'not of the metadata alone',
  domainRevertToSnapshot: 'without a flag the domain runs afterwards if it ran before',
  domainUndefineFlags: 'with snapshots only where the flags say so; they stay with the files that are kept',
  domainDefineXmlFlags:
    'a new domain that is the copy of one the connection was shown, as virt-clone defines it, is refused where it would be empty',
  networkUndefine: 'refused while domains run on it',
  networkUpdate: 'not of a bridge of the host',
  networkListAllPorts: 'always empty: the ports are the interfaces of domains',
  networkPortLookupByUuid: 'always refused',
  networkPortGetXmlDesc: 'always refused',
  networkPortGetParameters: 'always refused',
  networkPortSetParameters: 'always refused',
  networkPortDelete: 'always refused',
  connectListAllNetworks: "networks, and the host's bridges that none of them is",
  nwfilterUndefine: 'refused while a filter or a domain names it, and of those that come with ctvirt',
  nwfilterBindingCreateXml: 'refused: a link has the filter that its document names',
  nwfilterBindingDelete: 'refused: a link has the filter that its document names',
  storagePoolDefineXml: 'a folder of the host; no other type',
  storagePoolCreateXml: 'the same, until it is stopped or the host boots; one that is defined is started',
  storagePoolDestroy: 'not of `default`, `roots` and `backups`, which are always active',
  storagePoolDelete: 'its folder, if that is empty',
  storagePoolSetAutostart: '`default`, `roots` and `backups` are always on',
  storagePoolRefresh: 'the folder is looked at whenever somebody asks',
  storageVolCreateXml:
    'plain files, which take no room yet, and folders; one of `backups` is empty until it is uploaded',
  storageVolCreateXmlFrom:
    'a copy of a template or a file; from a layer into a folder, the archive of its domain; within `roots` refused: `ctvirt clone`',
  storageVolDownload: 'of a layer, the archive of its domain, as it is or as the snapshot has it',
  storageVolResize: 'of files; no room is set aside',
  storageVolUpload: 'files of folders; one of `backups` is there whole, or as it was',
  storageVolDelete:
    'a file, an empty folder, a template that nobody uses, or a snapshot with all of its volumes; a layer goes with its domain',
};

/** One line of the page. */
export interface ProcedureFact {
  readonly number: number;
  readonly name: string;
  readonly function: string;
  /** Undefined for what is answered as unknown. */
  readonly group: string | undefined;
  readonly note: string;
}

/** Every procedure of the program for all hypervisors, by number. */
export function describeProcedures(): ProcedureFact[] {
  const groupOf = new Map(ownProcedureNames.map((name) => [name, 'connection']));
  // Groups only take their engine along when they are bound: what they answer is known without one.
  for (const [group, bind] of Object.entries(groups))
    for (const name of Object.keys(bind({} as Binding))) groupOf.set(name, group);
  return Object.entries<Procedure>(remote.calls)
    .map(([name, { number }]) => ({
      number,
      name,
      function: functionName(name),
      group: groupOf.get(name),
      note: notes[name] ?? '',
    }))
    .sort((a, b) => a.number - b.number);
}

/** The page as it stands in docs/reference. */
export function formatCompatibility(): string {
  const facts = describeProcedures();
  const answered = facts.filter(({ group }) => group !== undefined);
  const names = [...new Set(answered.map(({ group }) => group))].sort();
  const table = (rows: readonly ProcedureFact[]): string =>
    ['| procedure | function | note |', '| --- | --- | --- |']
      .concat(rows.map((row) => `| ${row.number} | ${row.function} | ${row.note} |`))
      .join('\n');
  const sections = names.map((name) => {
    const rows = answered.filter(({ group }) => group === name);
    return `## ${capitalised(name ?? '')}\n\n${table(rows)}\n`;
  });
  const others = facts.filter(({ group }) => group === undefined);
  return `# libvirt's protocol here

Generated from the procedure table by \`npm run gen\`; do not edit.

Of the ${facts.length} procedures of libvirt's remote protocol ${answered.length} are answered. All others are answered with
libvirt's own error for what a driver does not have, so that clients say so and go on. A read-only connection is
refused every procedure that changes anything. Of the LXC program's ${Object.keys(lxc.calls).length} procedure:
${notes['domainOpenNamespace']}.

${sections.join('\n')}
## Options of \`virsh migrate\`

A container is shut down for a move, goes with its files, and is one host's alone: \`--persistent\` and \`--undefinesource\` are needed. Every
other option, and every flag and parameter of virDomainMigrate3 and virDomainMigrateToURI3 behind it, is obeyed or refused by name. One that
is not here is refused.

${describeMoves()}

## Not supported

${others.map(({ function: name }) => `\`${name}\``).join(', ')}
`;
}

const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
