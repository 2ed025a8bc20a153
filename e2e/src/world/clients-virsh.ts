// What virsh is asked of a container host, in the order of its own help: each command, and what is to come of it.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { knownDifferences, readCommands } from './clients-compare.js';
import { formatNetworkTable } from './clients-networks.js';

/** One command. Words like UUID stand for what the story made (`wordsOf`); `input` is a file the command names as FILE. */
export interface VirshRow {
  readonly command: string;
  readonly group: string;
  readonly input?: string;
  /** A pattern of what it prints; refusals have one of the error. */
  readonly prints?: RegExp;
  /** Why it cannot work on a container, or does not here. */
  readonly refused?: string;
}

const rows = (group: string, list: readonly Omit<VirshRow, 'group'>[]): VirshRow[] =>
  list.map((row) => ({ ...row, group }));

const link = (mac: string): string =>
  `<interface type='bridge'><mac address='${mac}'/><source bridge='clients0'/></interface>`;
const mac = '52:54:00:00:00:10';
const sshKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF joe@example\n';
const ownSnapshot =
  '<domainsnapshot><name>after</name><description>the second</description></domainsnapshot>';
const noImage = 'memory of a container is not saved';
const ownFilter =
  "<filter name='own-filter'><rule action='drop' direction='out'><tcp dstportstart='25'/></rule></filter>";
const templatesPool = "<pool type='dir'><name>default</name></pool>";
const volumePool = "<pool type='logical'><name>vg</name><source><name>vg</name></source></pool>";
const ownArchive = '<volume><name>off.ctvirt.tar.zst</name></volume>';
const ownUpload = 'the beginning of an archive';
const noDisk = 'a container has file systems, not disks';

export const nativeInput = 'lxc.uts.name = native\nlxc.rootfs.path = dir:/srv/native\n';

/** What libvirt's own LXC driver does, and is refused here. */
export const knownGaps: readonly string[] = ['ttyconsole ct', 'lxc-enter-namespace ct /bin/true'];

/** What is not tried on libvirt's driver, and why: libvirt 9.0 dies of the one, the host might go to sleep of the other. */
export const untried: Readonly<Record<string, string>> = {
  'schedinfo off': 'ends libvirtd',
  'nodesuspend mem 60': 'not tried: it sends hosts to sleep',
};

/**
 * What virsh looks up by a pid of its libvirtd's, whose pid namespace is another here: it works where some process has that pid by chance.
 */
export const worksByChance: ReadonlySet<string> = new Set(['lxc-enter-namespace ct /bin/true']);

/** What works on libvirt 9.0's own LXC driver, of the commands below, as the comparison with it has written it. */
export const elsewherePath = fileURLToPath(
  new URL('../../src/world/clients-virsh-lxc.json', import.meta.url),
);
export function worksElsewhere(): string[] {
  const list: unknown = JSON.parse(readFileSync(elsewherePath, 'utf8'));
  if (!Array.isArray(list)) throw new Error(`${elsewherePath} is no list`);
  return list.map(String);
}

/** What the host merges equal pages by now: a row that sets it to that changes nothing. */
const pagesToScan = (): string => readFileSync('/sys/kernel/mm/ksm/pages_to_scan', 'utf8').trim();

/** The words of a command, with what a story made in the place of its names. */
export const wordsOf = (
  command: string,
  made: { readonly file: string; readonly uuid: string },
): string[] => {
  const named: Readonly<Record<string, () => string>> = {
    FILE: () => made.file,
    UUID: () => made.uuid,
    POOL: () => join(dirname(made.file), 'pool'),
    SCAN: pagesToScan,
  };
  return command.split(' ').map((word) => named[word]?.() ?? word);
};

/** In order: later rows see what earlier ones did. `ct` runs, `off` does not, `plain` is a document. */
export const virshRows: readonly VirshRow[] = [
  ...rows('domains', [
    { command: 'list', prints: /\bct\s+running/ },
    { command: 'list --all', prints: /-\s+off\s+shut off/ },
    { command: 'list --inactive --name', prints: /^off$/m },
    { command: 'list --all --uuid --persistent', prints: /^[0-9a-f-]{36}$/m },
    { command: 'list --all --title', prints: /Title/ },
    { command: 'dominfo ct', prints: /State:\s+running[\s\S]*Managed save:\s+no/ },
    { command: 'domid ct', prints: /^\d+$/m },
    { command: 'domname UUID', prints: /^ct$/m },
    { command: 'domuuid ct', prints: /^[0-9a-f-]{36}$/m },
    { command: 'domstate ct --reason', prints: /^running \(booted\)$/m },
    { command: 'domcontrol ct', prints: /^ok$/m },
    { command: 'domhostname ct', prints: /^ct$/m },
    { command: 'dumpxml ct', prints: /<domain type='lxc' id='\d+'>/ },
    { command: 'dumpxml --inactive ct', prints: /<domain type='lxc'>/ },
    { command: 'dumpxml --migratable ct', prints: /<name>ct<\/name>/ },
    { command: 'define FILE', input: 'PLAIN', prints: /Domain 'plain' defined/ },
    { command: 'define --validate FILE', input: 'PLAIN', prints: /Domain 'plain' defined/ },
    { command: 'start plain', prints: /Domain 'plain' started/ },
    { command: 'suspend plain', prints: /suspended/ },
    { command: 'resume plain', prints: /resumed/ },
    { command: 'reboot plain --mode initctl', prints: /is being rebooted/ },
    { command: 'shutdown plain --mode signal', prints: /is being shutdown/ },
    { command: 'destroy plain', prints: /destroyed/ },
    { command: 'autostart plain', prints: /marked as autostarted/ },
    { command: 'autostart --disable plain', prints: /unmarked as autostarted/ },
    { command: 'undefine plain', prints: /undefined/ },
    { command: 'create FILE', input: 'PLAIN', prints: /Domain 'plain' created/ },
    { command: 'destroy plain' },
    { command: 'desc ct --live --config --new-desc text', prints: /updated/ },
    { command: 'desc ct', prints: /^text$/m },
    { command: 'desc ct --title --live --config --new-desc A-title', prints: /updated/ },
    { command: 'metadata ct --uri http://a/ --key a --set <b/>', prints: /modified/ },
    { command: 'metadata ct --uri http://a/', prints: /^<b\/>$/m },
    { command: 'metadata ct --uri http://a/ --remove', prints: /removed/ },
    { command: 'domxml-from-native lxc-tools FILE', input: 'NATIVE', prints: /<name>native<\/name>/ },
    { command: 'domxml-to-native lxc-tools --domain ct', prints: /lxc\.uts\.name = ct/ },
    { command: 'send-process-signal ct 1 SIGCONT' },
    { command: 'ttyconsole ct', refused: 'the console has no path on the host; `console` opens it' },
    { command: 'domjobinfo ct', prints: /Job type:\s+None/ },
    { command: 'domfsinfo ct', prints: /\/\s+busybox/ },
    { command: 'guestinfo ct --interface --hostname', prints: /hostname\s+: ct/ },
    { command: 'domrename off other', prints: /Domain successfully renamed/ },
    { command: 'domrename other off', prints: /Domain successfully renamed/ },
    {
      command: 'reset ct',
      refused: 'a container has no reset button',
      prints: /not supported by the connection driver/,
    },
    { command: 'managedsave ct', refused: noImage, prints: /not supported by the connection driver/ },
    {
      command: 'save ct /nonexistent/file',
      refused: noImage,
      prints: /not supported by the connection driver/,
    },
    {
      command: 'dump ct /nonexistent/file',
      refused: noImage,
      prints: /not supported by the connection driver/,
    },
    { command: 'domtime ct', prints: /Time: \d+/ },
    { command: 'domtime ct --now' },
    {
      command: 'domtime ct --time 1',
      refused: "the clock of a container is the host's",
      prints: /the clock of a container is the host's/,
    },
    { command: 'set-user-password ct root secret', prints: /Password set successfully/ },
    { command: 'set-user-sshkeys ct root --file FILE', input: sshKey },
    { command: 'get-user-sshkeys ct root', prints: /^ssh-ed25519 AAAA\S+ joe@example$/m },
    {
      command: 'set-user-password ct eve secret',
      refused: 'there is no such user inside',
      prints: /operation failed: .*user 'eve' does not exist/,
    },
    { command: 'domfsfreeze ct', prints: /Froze 1 filesystem/ },
    { command: 'domfsthaw ct', prints: /Thawed 1 filesystem/ },
    {
      command: 'domfstrim ct',
      refused: "its files lie on the host's own file system: works with a disk limit of an image",
      prints: /has no file system of its own/,
    },
    {
      command: 'lxc-enter-namespace ct /bin/true',
      refused: 'virsh would be nobody inside, and free of its limits; `ctvirt exec` runs programs inside',
      prints: /virDomainLxcOpenNamespace/,
    },
    { command: 'snapshot-list ct', prints: /Name/ },
    { command: 'snapshot-create-as ct before --disk-only --quiesce --atomic', prints: /before created/ },
    { command: 'snapshot-create ct FILE', input: ownSnapshot, prints: /after created/ },
    {
      command: 'snapshot-create-as ct x --no-metadata',
      refused: 'a snapshot here is its metadata and its files',
      prints: /unsupported flags/,
    },
    {
      command: 'snapshot-create-as ct x --memspec file=/nonexistent/file,snapshot=external --live',
      refused: noImage,
      prints: /saving memory state is not supported/,
    },
    { command: 'snapshot-list ct --tree', prints: /before\n\s+\|\n\s+\+- after/ },
    { command: 'snapshot-list ct --parent', prints: /^ after +\S+ \S+ \S+ +disk-snapshot +before$/m },
    { command: 'snapshot-list ct --roots --name', prints: /^before$/m },
    { command: 'snapshot-list ct --from before --name', prints: /^after$/m },
    { command: 'snapshot-info ct after', prints: /Parent: +before[\s\S]*Metadata: +yes/ },
    { command: 'snapshot-current ct --name', prints: /^after$/m },
    { command: 'snapshot-parent ct after', prints: /^before$/m },
    { command: 'snapshot-dumpxml ct after', prints: /<description>the second<[\s\S]*<domain type=/ },
    { command: 'snapshot-revert ct before --running --force' },
    { command: 'snapshot-current ct --name', prints: /^before$/m },
    {
      command: 'snapshot-delete ct before --metadata',
      refused: 'a snapshot here is its metadata and its files',
      prints: /cannot be forgotten without deleting it/,
    },
    { command: 'snapshot-delete ct before --children-only', prints: /children deleted/ },
    { command: 'snapshot-delete ct before', prints: /snapshot before deleted/ },
    { command: 'domdisplay ct', refused: 'a container has no display', prints: /./ },
  ]),
  ...rows('limits', [
    { command: 'schedinfo ct', prints: /cpu_shares\s+: 1024/ },
    { command: 'schedinfo off', prints: /vcpu_quota\s+: -1/ },
    { command: 'schedinfo ct --set cpu_shares=512 --live --config', prints: /cpu_shares\s+: 512/ },
    { command: 'schedinfo ct --set vcpu_quota=50000', prints: /vcpu_quota\s+: 50000/ },
    { command: 'memtune ct', prints: /hard_limit\s+: \d+/ },
    { command: 'memtune ct --hard-limit 200000 --live --config' },
    { command: 'memtune ct --config', prints: /hard_limit\s+: 200000/ },
    { command: 'setmem ct 150000' },
    { command: 'setmem off 100000 --config' },
    { command: 'setmaxmem off 300000 --config' },
    {
      command: 'setmaxmem ct 300000 --live',
      refused: 'as with libvirt: its maximum changes at the next start',
      prints: /Cannot resize the max memory/,
    },
    { command: 'blkiotune ct', prints: /weight\s+: 0/ },
    { command: 'blkiotune ct --weight 300 --config' },
    { command: 'numatune off', prints: /numa_mode\s+: strict/ },
    { command: 'vcpucount ct', prints: /maximum\s+live\s+\d+/ },
    { command: 'vcpuinfo ct', prints: /VCPU:\s+0/ },
    { command: 'vcpupin ct', prints: /^ 0\s+0/m },
    { command: 'vcpupin ct 1 0 --live --config' },
    { command: 'vcpupin ct --vcpu 1 --config', prints: /^ 1\s+0$/m },
    { command: 'vcpupin ct 0 0' },
    { command: 'vcpupin ct 0 r' },
    { command: 'vcpupin ct 7 0', refused: 'there is no such processor', prints: /out of range/ },
    { command: 'emulatorpin ct', prints: /\*: 0/ },
    {
      command: 'emulatorpin ct 0',
      refused: 'there is no emulator: `vcpupin` says where a container runs',
      prints: /not supported by the connection driver: virDomainPinEmulator/,
    },
    { command: 'setvcpus off 1 --config' },
    { command: 'setvcpus ct 1 --live' },
  ]),
  ...rows('devices', [
    { command: 'attach-device ct FILE --live', input: link(mac), prints: /attached successfully/ },
    { command: 'domiflist ct', prints: new RegExp(mac) },
    { command: 'domif-getlink ct 52:54:00:00:00:10', prints: /up/ },
    { command: 'domiftune ct 52:54:00:00:00:01 --inbound 1000,2000,64 --live' },
    { command: 'domiftune ct 52:54:00:00:00:01', prints: /inbound\.average: 1000\ninbound\.peak {3}: 2000/ },
    { command: 'detach-interface ct bridge 52:54:00:00:00:10 --live', prints: /detached successfully/ },
    { command: 'attach-interface ct bridge clients0 --live', prints: /attached successfully/ },
    {
      command: 'attach-interface off bridge clients0 --mac 52:54:00:00:00:10 --config',
      prints: /attached successfully/,
    },
    { command: 'update-device off FILE --config', input: link(mac), prints: /updated successfully/ },
    { command: 'detach-device off FILE --config', input: link(mac), prints: /detached successfully/ },
    { command: 'domblklist ct', prints: /Target/ },
    { command: 'attach-disk ct /dev/null vda', refused: noDisk, prints: /./ },
    { command: 'domblkinfo ct /', prints: /Capacity/ },
    { command: 'change-media ct hda --eject', refused: noDisk, prints: /./ },
  ]),
  ...rows('monitoring', [
    { command: 'domstats', prints: /Domain: 'ct'[\s\S]*cpu\.time=\d+/ },
    { command: 'domstats ct --vcpu --balloon', prints: /balloon\.maximum=\d+/ },
    { command: 'domstats --list-inactive --state', prints: /state\.state=5/ },
    { command: 'dommemstat ct', prints: /actual \d+/ },
    { command: 'domifaddr ct', prints: /192\.0\.2\.5\/24/ },
    { command: 'domifaddr ct --source agent', prints: /eth0\s+\S+\s+ipv4\s+192\.0\.2\.5\/24/ },
    { command: 'domifstat ct 52:54:00:00:00:01', prints: /rx_bytes \d+/ },
    { command: 'domblkstat ct', prints: /rd_req \d+/ },
    { command: 'cpu-stats ct', prints: /cpu_time/ },
    { command: 'event --list', prints: /lifecycle/ },
  ]),
  ...rows('host', [
    { command: 'version --daemon', prints: /Running against daemon: \d/ },
    { command: 'uri', prints: /ctvirt/ },
    { command: 'hostname', prints: /./ },
    { command: 'nodeinfo', prints: /CPU\(s\):\s+\d+/ },
    { command: 'capabilities', prints: /<os_type>exe<\/os_type>/ },
    { command: 'domcapabilities', prints: /<domainCapabilities>/ },
    { command: 'maxvcpus', prints: /^\d+$/m },
    { command: 'freecell', prints: /Total: \d+ KiB/ },
    { command: 'nodecpumap', prints: /CPUs online:\s+\d+/ },
    { command: 'nodecpustats', prints: /user:\s+\d+/ },
    { command: 'nodememstats', prints: /total\s*:\s+\d+/ },
    { command: 'sysinfo', refused: 'as with libvirt where there is no SMBIOS', prints: /SMBIOS/ },
    {
      command: 'nodesuspend mem 60',
      refused: 'hosts are not sent to sleep',
      prints: /not supported by the connection driver/,
    },
    { command: 'node-memory-tune', prints: /Shared memory/ },
    { command: 'node-memory-tune --shm-pages-to-scan SCAN' },
    { command: 'freepages --all', prints: /Node 0:\n4KiB: \d+/ },
    { command: 'freepages --cellno 0 --pagesize 4', prints: /^4KiB: \d+$/m },
    {
      command: 'freepages --cellno 3 --pagesize 4',
      refused: 'the host is told as one node',
      prints: /start cell 3 out of range/,
    },
    {
      command: 'freepages --cellno 0 --pagesize 7',
      refused: 'there are no such pages',
      prints: /not available/,
    },
    { command: 'allocpages 2048 0' },
    { command: 'allocpages 4 1', refused: 'only huge pages are set aside', prints: /can't be modified/ },
  ]),
  ...rows('networks and storage', [
    { command: 'net-list --all', prints: /clients0\s+active\s+yes/ },
    { command: 'net-info clients0', prints: /Bridge:\s+clients0/ },
    { command: 'net-dumpxml clients0', prints: /<forward mode='bridge'\/>/ },
    { command: 'net-dhcp-leases clients0', prints: /Expiry/ },
    {
      command: 'net-destroy clients0',
      refused: "the host's bridges are the host's",
      prints: /'clients0' is a bridge of the host/,
    },
    { command: 'pool-list --all --details', prints: /default\s+running/ },
    { command: 'pool-info default', prints: /State:\s+running/ },
    { command: 'pool-dumpxml default', prints: /<pool type='dir'>/ },
    { command: 'pool-refresh default', prints: /refreshed/ },
    { command: 'pool-define FILE', input: templatesPool, prints: /Pool default defined/ },
    {
      command: 'pool-define FILE',
      input: volumePool,
      refused: 'pools are folders',
      prints: /of type 'dir', and not of 'logical'/,
    },
    { command: 'pool-autostart default', prints: /marked as autostarted/ },
    { command: 'pool-build default', refused: 'it is always active', prints: /is already active/ },
    { command: 'pool-start default', refused: 'it is always active', prints: /is already active/ },
    { command: 'pool-undefine default', refused: 'it is always active', prints: /is still active/ },
    {
      command: 'pool-destroy default',
      refused: 'it is always active',
      prints: /not supported/,
    },
    { command: 'vol-list default --details', prints: /busybox/ },
    { command: 'vol-info busybox --pool default', prints: /Capacity/ },
    { command: 'vol-dumpxml busybox --pool default', prints: /<volume type='dir'>/ },
    { command: 'vol-path busybox --pool default', prints: /\/templates\/busybox/ },
    {
      command: 'vol-delete busybox --pool default',
      refused: 'domains use it',
      prints: /is used|in use|uses it/,
    },
    { command: 'pool-dumpxml roots', prints: /\/roots<\/path>/ },
    { command: 'vol-list roots --details', prints: /ct\.root/ },
    { command: 'vol-info ct.root --pool roots', prints: /Allocation/ },
    { command: 'vol-dumpxml ct.root --pool roots', prints: /<backingStore>/ },
    {
      command: 'vol-delete ct.root --pool roots',
      refused: 'it goes with its domain',
      prints: /`ctvirt undefine ct --storage` erases them/,
    },
    {
      command: 'vol-clone ct.root x.root --pool roots',
      refused: 'it would be the files of no domain: `ctvirt clone` makes one',
      prints: /`ctvirt clone ct NAME`/,
    },
    { command: 'vol-clone busybox mine --pool default', prints: /Vol mine cloned from busybox/ },
    { command: 'vol-delete mine --pool default', prints: /Vol mine deleted/ },
    { command: 'vol-download ct.root FILE --pool roots', input: '' },
    {
      command: 'vol-create-from backups FILE off.root --inputpool roots',
      input: ownArchive,
      prints: /Vol off\.ctvirt\.tar\.zst created from input vol off\.root/,
    },
    { command: 'vol-list backups --details', prints: /off\.ctvirt\.tar\.zst/ },
    { command: 'vol-download off.ctvirt.tar.zst FILE --pool backups', input: '' },
    { command: 'vol-delete off.ctvirt.tar.zst --pool backups', prints: /deleted/ },
    { command: 'vol-create-as backups new 0', prints: /Vol new created/ },
    { command: 'vol-upload new FILE --pool backups', input: ownUpload },
    { command: 'vol-path new --pool backups', prints: /\/backups\/new/ },
    { command: 'vol-dumpxml new --pool backups', prints: /<volume type='file'>/ },
    { command: 'vol-info new --pool backups', prints: /Capacity:\s+27\.00 B/ },
    { command: 'vol-delete new --pool backups', prints: /Vol new deleted/ },
    { command: 'pool-define-as isos dir --target POOL', prints: /Pool isos defined/ },
    { command: 'pool-build isos', prints: /Pool isos built/ },
    { command: 'pool-start isos', prints: /Pool isos started/ },
    { command: 'pool-autostart isos', prints: /marked as autostarted/ },
    { command: 'pool-info isos', prints: /Autostart:\s+yes/ },
    { command: 'vol-create-as isos disk.img 4M', prints: /Vol disk\.img created/ },
    {
      command: 'vol-create-as isos disk.qcow2 4M --format qcow2',
      refused: 'volumes are plain files and folders',
      prints: /not qcow2/,
    },
    {
      command: 'vol-resize disk.img 8M --pool isos',
      prints: /Size of volume 'disk\.img' successfully changed/,
    },
    { command: 'vol-clone disk.img copy.img --pool isos', prints: /Vol copy\.img cloned/ },
    { command: 'vol-delete disk.img --pool isos', prints: /deleted/ },
    { command: 'vol-delete copy.img --pool isos', prints: /deleted/ },
    { command: 'pool-undefine isos', refused: 'it is active', prints: /is still active/ },
    { command: 'pool-destroy isos', prints: /Pool isos destroyed/ },
    { command: 'pool-delete isos', prints: /Pool isos deleted/ },
    { command: 'pool-undefine isos', prints: /Pool isos has been undefined/ },
    { command: 'pool-create-as now dir --target POOL --build', prints: /Pool now created/ },
    { command: 'pool-destroy now', prints: /Pool now destroyed/ },
    { command: 'iface-list', prints: /Name/ },
    { command: 'nodedev-list' },
    { command: 'nwfilter-list', prints: /clean-traffic/ },
    { command: 'nwfilter-define FILE', input: ownFilter, prints: /own-filter defined from/ },
    { command: 'nwfilter-list', prints: /own-filter/ },
    { command: 'nwfilter-dumpxml own-filter', prints: /<filter name='own-filter' chain='root'>/ },
    { command: 'nwfilter-dumpxml clean-traffic', prints: /<filterref filter='no-mac-spoofing'\/>/ },
    { command: 'nwfilter-undefine own-filter', prints: /own-filter undefined/ },
    { command: 'nwfilter-binding-list', prints: /Port Dev/ },
    { command: 'secret-list', prints: /UUID/ },
  ]),
];

/** The table as it stands in docs/reference. */
export function formatVirshTable(): string {
  const works = virshRows.filter(({ refused }) => refused === undefined).length;
  const names = [...new Set(virshRows.map(({ group }) => group))];
  const elsewhere = new Set(worksElsewhere());
  const there = (command: string): string =>
    untried[command] ?? (elsewhere.has(command) ? 'works' : 'refused');
  const sections = names.map((name) => {
    const lines = virshRows
      .filter(({ group }) => group === name)
      .map(
        ({ command, refused }) =>
          `| \`${command}\` | ${refused === undefined ? 'works' : `refused: ${refused}`} | ${there(command)} |`,
      );
    return `## ${name.slice(0, 1).toUpperCase()}${name.slice(1)}\n\n| command | here | libvirt's LXC driver |\n| --- | --- | --- |\n${lines.join('\n')}\n`;
  });
  return `# virsh here

Generated from the commands the end-to-end tests run by Debian's own virsh (\`npm run test:clients -- --write\`); do not edit.
Each of these ${virshRows.length} commands is run in every test, on a running domain \`ct\`, a stopped one \`off\` and a document of a
domain \`plain\`; ${works} work, the others are refused with an error of libvirt's own. On libvirt 9.0's own LXC driver ${elsewhere.size} work.
\`virsh migrate\` needs a second host: what becomes of its options says [libvirt's protocol here](libvirt-compatibility.md).
What both refuse is compared word by word, what scripts read most (${readCommands.size} commands) by the shape of its output. They differ in:

${Object.entries(knownDifferences)
  .map(([command, { reason }]) => `- \`${command}\`: ${reason}`)
  .join('\n')}

${sections.join('\n')}
${formatNetworkTable()}`;
}
