// What libvirt's container drivers read or write, a piece of XML each: understood in strict mode, written back as it was.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDevice, formatDomain, parseDevice, parseDomain } from '../index.js';

const root =
  "<filesystem type='mount' accessmode='passthrough'><source dir='/r'/><target dir='/'/></filesystem>";

const squeeze = (xml: string): string => xml.replace(/>\s+</g, '><').trim();

/** Pieces of the document's head; an arrow tells the form they are written in where it differs. */
const head: Readonly<Record<string, string>> = {
  uuid: '<uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>',
  'uuid without hyphens':
    '<uuid>8509A1D4156944678B374E433A1AC7B1</uuid> → <uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>',
  'title and description': '<title>Web</title><description>It\nserves.</description>',
  metadata: "<metadata><a:b xmlns:a='urn:a'><a:c d='e'/></a:b></metadata>",
  'memory in KiB': "<memory>512</memory> → <memory unit='KiB'>512</memory>",
  'memory in bytes, rounded up': "<memory unit='b'>1025</memory> → <memory unit='KiB'>2</memory>",
  'memory in KB': "<memory unit='KB'>1024</memory> → <memory unit='KiB'>1000</memory>",
  'memory in M': "<memory unit='M'>2</memory> → <memory unit='KiB'>2048</memory>",
  'memory in GiB': "<memory unit='GiB'>1</memory> → <memory unit='KiB'>1048576</memory>",
  'memory in TB': "<memory unit='TB'>1</memory> → <memory unit='KiB'>976562500</memory>",
  'current memory': "<memory unit='KiB'>9</memory><currentMemory unit='KiB'>8</currentMemory>",
  memtune:
    "<memtune><hard_limit unit='KiB'>9</hard_limit><soft_limit unit='KiB'>8</soft_limit>" +
    "<min_guarantee unit='KiB'>7</min_guarantee><swap_hard_limit unit='KiB'>10</swap_hard_limit></memtune>",
  blkiotune:
    '<blkiotune><weight>500</weight><device><path>/dev/sda</path><weight>200</weight>' +
    '<read_iops_sec>1</read_iops_sec><write_iops_sec>2</write_iops_sec><read_bytes_sec>3</read_bytes_sec>' +
    '<write_bytes_sec>4</write_bytes_sec></device></blkiotune>',
  vcpu: "<vcpu placement='static' cpuset='0-3,^2' current='1'>2</vcpu>",
  cputune:
    "<cputune><shares>1024</shares><period>100000</period><quota>-1</quota><vcpupin vcpu='0' cpuset='1'/>" +
    "<emulatorpin cpuset='0-1'/></cputune>",
  numatune: "<numatune><memory mode='strict' nodeset='0'/></numatune>",
  resource: '<resource><partition>/machine/web</partition></resource>',
  idmap: "<idmap><uid start='0' target='1000' count='10'/><gid start='0' target='2000' count='10'/></idmap>",
  capabilities:
    "<features><privnet/><capabilities policy='deny'><mknod state='on'/><sys_chroot state='off'/></capabilities></features>",
  clock: "<clock offset='variable' adjustment='3600' basis='utc'/>",
  'time zone': "<clock offset='timezone' timezone='Europe/Berlin'/>",
  actions: '<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>preserve</on_crash>',
  seclabel: "<seclabel type='static' model='selinux' relabel='no'><label>a:b:c</label></seclabel>",
  profile: '<profile>vps.basic</profile>',
  'host name and name servers':
    "<hostname>web</hostname><dns><nameserver address='2001:db8::1'/><search domain='example.org'/></dns>",
  'boot by init':
    "<os><type arch='x86_64'>exe</type><init>/bin/sh</init><initarg>-c</initarg><initenv name='A'>b</initenv>" +
    '<initdir>/srv</initdir><inituser>web</inituser><initgroup>33</initgroup></os>',
  'boot by kernel':
    '<os><type>hvm</type><kernel>/k</kernel><initrd>/i</initrd><cmdline>console=ttyS0</cmdline><root>/dev/xvda</root></os>',
  'boot by device': "<os><type machine='pc'>hvm</type><boot dev='hd'/><boot dev='network'/></os>",
  'boot by loader':
    '<bootloader>/usr/bin/pygrub</bootloader><bootloader_args>--kernel</bootloader_args><os><type>xen</type></os>',
};

const devices: Readonly<Record<string, string>> = {
  emulator: '<emulator>/usr/libexec/libvirt_lxc</emulator>',
  'mounted directory':
    "<filesystem type='mount' accessmode='mapped' fmode='0640' dmode='0750'><driver type='path' wrpolicy='immediate'/>" +
    "<source dir='/a' options='nosuid,nodev'/><target dir='/a'/><readonly/></filesystem>",
  template:
    "<filesystem type='template' accessmode='passthrough'><source name='fedora'/><target dir='/t'/>" +
    "<quota type='size' max='10240000' unit='bytes'/><quota type='inodes' max='200000' soft='100000'/></filesystem>",
  'image file with limits':
    "<filesystem type='file' accessmode='squash'><driver type='loop' format='raw'/><source file='/i'/><target dir='/i'/>" +
    "<space_hard_limit unit='bytes'>9</space_hard_limit><space_soft_limit unit='bytes'>8</space_soft_limit></filesystem>",
  'block device':
    "<filesystem type='block' accessmode='passthrough'><source dev='/dev/b'/><target dir='/b'/></filesystem>",
  memory:
    "<filesystem type='ram' accessmode='passthrough'><source usage='1024' units='KiB'/><target dir='/m'/></filesystem>",
  bind: "<filesystem type='bind' accessmode='passthrough'><source dir='/x'/><target dir='/y'/></filesystem>",
  volume:
    "<filesystem type='volume' accessmode='passthrough'><source pool='p' volume='v'/><target dir='/v'/></filesystem>",
  dataset: "<filesystem type='dataset' accessmode='passthrough'><source name='export/foo'/></filesystem>",
  'interface ethernet':
    "<interface type='ethernet'><mac address='52:54:00:12:34:56'/>" +
    "<source><ip address='10.0.0.1' family='ipv4' prefix='32'/><route family='ipv4' address='10.1.0.0' prefix='16' gateway='10.0.0.9'/></source>" +
    "<ip address='10.0.0.2' family='ipv4' peer='10.0.0.1'/><route family='ipv6' address='::' gateway='fe80::1' metric='5'/>" +
    "<target dev='v0'/><guest dev='eth0'/><link state='down'/><mtu size='1400'/></interface>",
  'interface bridge':
    "<interface type='bridge'><source bridge='b'/><vlan trunk='yes'><tag id='1' nativeMode='untagged'/><tag id='2'/></vlan>" +
    "<virtualport type='openvswitch'><parameters profileid='p'/></virtualport>" +
    "<bandwidth><inbound average='1' peak='2' burst='3'/><outbound average='4'/></bandwidth>" +
    "<script path='/s'/><filterref filter='f'><parameter name='IP' value='1.2.3.4'/></filterref></interface>",
  'interface network':
    "<interface type='network'><source network='default' portgroup='g'/><bandwidth><inbound average='1' floor='1'/></bandwidth>" +
    "<portForward proto='udp' address='192.0.2.1' dev='eth0'><range start='1' end='2' to='3'/><range start='2' exclude='yes'/></portForward></interface>",
  'interface direct': "<interface type='direct'><source dev='eth0' mode='passthrough'/></interface>",
  'interface hostdev':
    "<interface type='hostdev' managed='yes'><source><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></interface>",
  console:
    "<console type='pty' tty='/dev/pts/1'><source path='/dev/pts/1'/><target type='lxc' port='1'/><alias name='console1'/></console>",
  'disk of an image':
    "<disk type='file' device='cdrom'><driver name='n' type='raw' cache='none' io='native'/><source file='/d' startupPolicy='requisite'/>" +
    "<target dev='hdc' bus='ide' tray='open'/><readonly/></disk>",
  'disk of a block device':
    "<disk type='block' device='lun' rawio='yes'><source dev='/dev/d'/><target dev='sda' bus='scsi'/>" +
    '<iotune><read_bytes_sec>1</read_bytes_sec></iotune><shareable/><transient/><serial>s</serial><wwn>5000c50015ea71ad</wwn>' +
    "<vendor>v</vendor><product>p</product><boot order='1'/><address type='drive' controller='0' bus='0' target='0' unit='1'/></disk>",
  controller: "<controller type='scsi' index='1' model='virtio-scsi'><driver queues='2'/></controller>",
  'host device misc':
    "<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>",
  'host device storage':
    "<hostdev mode='capabilities' type='storage'><source><block>/dev/sdf1</block></source></hostdev>",
  'host device net':
    "<hostdev mode='capabilities' type='net'><source><interface>eth1</interface></source><ip address='10.0.0.3' family='ipv4' prefix='24'/></hostdev>",
  'host device usb':
    "<hostdev mode='subsystem' type='usb' managed='no'><source startupPolicy='optional'><vendor id='0x1'/><product id='0x2'/></source></hostdev>",
};

function split(piece: string): readonly [given: string, wanted: string] {
  const [given = '', wanted = given] = piece.split(' → ');
  return [given, wanted];
}

test('each piece of the head is understood and kept', () => {
  for (const [name, piece] of Object.entries(head)) {
    const [given, wanted] = split(piece);
    const text = `<domain type='lxc'><name>a</name>${given}<devices>${root}</devices></domain>`;
    const { domain, findings } = parseDomain(text, { strict: true });
    assert.deepEqual(findings, [], name);
    assert.ok(domain !== undefined && squeeze(formatDomain(domain)).includes(wanted), name);
  }
});

test('each device is understood and kept, in a document and alone', () => {
  for (const [name, piece] of Object.entries(devices)) {
    const text = `<domain type='lxc'><name>a</name><devices>${piece}${root}</devices></domain>`;
    const { domain, findings } = parseDomain(text, { strict: true });
    assert.deepEqual(findings, [], name);
    assert.ok(domain !== undefined && squeeze(formatDomain(domain)).includes(piece), name);
    if (name === 'emulator') continue;
    const alone = parseDevice(piece, { strict: true });
    assert.ok(alone.device !== undefined, name);
    assert.equal(squeeze(formatDevice(alone.device)), piece, name);
  }
});

test('shared namespaces of the LXC driver', () => {
  const shared =
    "<lxc:namespace><lxc:sharenet type='netns' value='red'/><lxc:shareuts type='name' value='b'/></lxc:namespace>";
  const text = `<domain type='lxc' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><name>a</name><devices>${root}</devices>${shared}</domain>`;
  const { domain, findings } = parseDomain(text, { strict: true });
  assert.deepEqual(findings, []);
  assert.ok(domain !== undefined && squeeze(formatDomain(domain)).includes(shared));
});

const normal = (inside: string): string => {
  const text = `<domain type='lxc'><name>a</name><devices>${root}${inside}</devices></domain>`;
  return squeeze(formatDomain(parseDomain(text, { strict: true }).domain as never, { libvirt: true }));
};

test('in the normal form disks have their bus, place and controllers, as libvirt gives them', () => {
  assert.match(
    normal(
      "<disk><source file='/a'/><target dev='sdh'/></disk><disk><source file='/b'/><target dev='hdc'/></disk>",
    ),
    new RegExp(
      "<disk type='file' device='disk'><source file='/b'/><target dev='hdc' bus='ide'/>" +
        "<address type='drive' controller='0' bus='1' target='0' unit='0'/></disk>" +
        "<disk type='file' device='disk'><source file='/a'/><target dev='sdh' bus='scsi'/>" +
        "<address type='drive' controller='1' bus='0' target='0' unit='0'/></disk>" +
        "<controller type='scsi' index='0'/><controller type='scsi' index='1'/><controller type='ide' index='0'/>",
    ),
  );
  assert.match(
    normal(
      "<controller type='scsi' index='2'/><controller type='ide'/><controller type='scsi'/><controller type='scsi' index='1'/>",
    ),
    /<controller type='scsi' index='1'\/><controller type='scsi' index='2'\/><controller type='scsi' index='0'\/><controller type='ide' index='0'\/>/,
  );
});
