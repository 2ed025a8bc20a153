// OpenVZ's programs as panels, scripts and its wiki call them: what each line ends with, and what it prints.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type Outcome, output, run } from '../world/command.js';
import { cliProgram, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
  await world.client.templates.build({ template: 'debian-7.0-x86', body: { distribution: 'busybox' } });
  await mkdir(`${world.root}/etc`, { recursive: true });
  await writeFile(`${world.root}/etc/vz.conf`, 'STOP_TIMEOUT="10"\nDEF_OSTEMPLATE="debian-7.0-x86"\n');
  await writeFile(`${world.host}/script.sh`, '#!/bin/sh\necho "script in $(hostname)"\nexit 7\n');
});
after(() => world.close());

/** A line as a shell has it, with quotes around what is one word. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
}

async function vz(line: string, input = ''): Promise<Outcome> {
  const [program = '', ...words] = wordsOf(line.replaceAll('HOST', world.host));
  const path = cliProgram.replace('ctvirt.cjs', `${program}.cjs`);
  const argv = world.enclosure.argv(process.execPath, path, ...words);
  return await run(argv, { env: { CTVIRT_ROOT: world.root }, input, timeoutMs: 120_000 });
}

interface Case {
  /** Who calls it so. */
  readonly by: string;
  readonly line: string;
  readonly input?: string;
  /** 0 where it is not said. */
  readonly status?: number;
  readonly out?: RegExp | string;
  readonly err?: RegExp;
}

const snapshotId = '4fbb9ab3-0e4c-4e5d-8f0a-2f8d0d6c1a11';
const saved = /CT configuration saved to \S+\/101\.conf\n$/;

/** In this order, each on what those before it have left. */
const cases: readonly Case[] = [
  { by: 'wiki: basic operations', line: 'vzctl --version', out: /^vzctl version 4\.\d/ },
  { by: 'wiki: basic operations', line: 'vzctl', status: 20 },
  { by: 'SolusVM', line: 'vzctl status 101', out: 'CTID 101 deleted unmounted down\n' },
  { by: 'Ansible', line: 'vzlist -a -H -o ctid', out: '', err: /Container\(s\) not found/ },
  { by: 'unxsVZ', line: 'vzlist', out: '' },
  { by: 'Ansible', line: 'vzlist -j 101', status: 1, out: '[]\n' },
  { by: 'wiki: basic operations', line: 'vzctl start 101', status: 14, err: /config file does not exist/ },
  { by: 'wiki: basic operations', line: 'vzctl frob 101', status: 20, err: /^Bad command: frob/ },
  { by: 'wiki: basic operations', line: 'vzctl start', status: 21, err: /CT ID missing/ },
  { by: 'wiki: basic operations', line: 'vzctl start nosuch', status: 21, err: /^Bad CT ID nosuch/ },
  { by: 'HyperVM', line: 'vzctl create 101 --ostemplate nosuch', status: 91 },
  {
    by: 'OVZ Web Panel',
    line: 'vzctl create 101 --ostemplate debian-7.0-x86 --config nosuch',
    status: 82,
    err: /Sample config file not found: nosuch/,
  },
  {
    by: 'OVZ Web Panel',
    line: 'vzctl create 101 --ostemplate debian-7.0-x86 --config vps.basic',
    out: /^Creating container private area \(debian-7\.0-x86\)\nPerforming postcreate actions\nCT configuration saved to \S+\/101\.conf\nContainer private area was created\n$/,
  },
  { by: 'OVZ Web Panel', line: 'vzctl create 101 --ostemplate debian-7.0-x86', status: 44 },
  {
    by: 'wiki: Using private IPs',
    line: 'vzctl create 102 --ipadd 10.77.5.2 --hostname ct102 --layout simfs --name mail',
    out: /Name mail assigned/,
  },
  { by: 'vpsAdmin', line: 'vzctl status mail', out: 'CTID 102 exist unmounted down\n' },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --hostname shop.example.org --save', out: saved },
  {
    by: 'OVZ Web Panel',
    line: 'vzctl set 101 --userpasswd root:secret',
    out: 'Changing password for user root.\n',
  },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --onboot yes --save', out: saved },
  {
    by: 'OVZ Web Panel',
    line: 'vzctl set 101 --nameserver 10.77.0.1 --nameserver 10.77.0.2 --save',
    out: saved,
  },
  { by: 'OVZ Web Panel', line: "vzctl set 101 --searchdomain 'example.org example.com' --save", out: saved },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --cpuunits 2000 --save', out: saved },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --cpulimit 50 --save', out: saved },
  { by: 'OVZ Web Panel', line: "vzctl set 101 --description 'shop of Joe' --save", out: saved },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --ipdel all --save', out: saved },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --ipadd 10.77.5.1 --ipadd fd77:5::1 --save', out: saved },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --privvmpages 262144 --save', out: saved },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --diskspace 1048576 --save', out: saved },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --numproc 100:100 --numfile 4096:4096 --save', out: saved },
  {
    by: 'WHMCS openvz6',
    line: 'vzctl set 101 --onboot yes --cpuunits 1000 --cpus 1 --ram 256M --swap 256M --diskspace 1G:1100M --diskinodes 200000:220000 --quotaugidlimit 1000 --quotatime 0 --save',
    out: saved,
  },
  {
    by: 'Proxmox VE 3',
    line: 'vzctl --skiplock set 101 --ram 128M --save',
    status: 35,
    err: /more memory is guaranteed/,
  },
  { by: 'Proxmox VE 3', line: 'vzctl --skiplock set 101 --ram 512M --swap 64M --save', out: saved },
  {
    by: 'wiki: vzlist',
    line: 'vzlist -a',
    out: /^ {6}CTID {6}NPROC STATUS {4}IP_ADDR {9}HOSTNAME\n {7}101 {10}- stopped {3}10\.77\.5\.1 fd77: shop\.example\.org\n {7}102 {10}- stopped {3}10\.77\.5\.2 {7}ct102\n$/,
  },
  { by: 'vz bash completion', line: 'vzlist -H -S -octid', out: '       101\n       102\n' },
  { by: 'vpsAdmin', line: 'vzlist 103', status: 1, err: /Container\(s\) not found/ },
  { by: 'vpsAdmin', line: 'vzlist -H -o ip 101', out: '10.77.5.1 fd77:5::1\n' },
  { by: 'wiki: vzlist', line: 'vzlist -a -1 -N ma*', out: '       102\n' },
  {
    by: 'man page',
    line: 'vzlist -a -n',
    out: /^SMARTNAME +NPROC STATUS +IP_ADDR +HOSTNAME\n101 .* shop\.example\.org\nmail .* ct102\n$/,
  },
  { by: 'wiki: vzlist', line: "vzlist -a -H -o ctid -d '*Joe*'", out: '       101\n' },
  { by: 'wiki: vzlist', line: 'vzlist -a -H -o ctid -s -ctid', out: '       102\n       101\n' },
  { by: 'OVZ Web Panel', line: 'vzlist -a -H -o frob', status: 1, err: /Unknown field: frob/ },
  { by: 'SolusVM', line: 'vzctl set 101 --name shop', status: 20, err: /without --save/ },
  { by: 'SolusVM', line: 'vzctl set 101 --numproc none --save', status: 21 },
  { by: 'man page', line: 'vzctl set 101 --onboot maybe --save', status: 21 },
  { by: 'man page', line: 'vzctl set 101 --bootorder first --save', status: 21 },
  { by: 'man page', line: 'vzctl set 101 --stop-timeout long --save', status: 21 },
  { by: 'panel in PHP', line: 'vzctl set 101 --ram 512 M --save', status: 20, err: /extra arguments: M/ },
  { by: 'by hand', line: 'vzctl start 101 102', status: 20, err: /extra arguments: 102/ },
  { by: 'by hand', line: 'vzctl status 101 102', status: 20 },
  { by: 'by hand', line: 'vzctl create 103 debian-7.0-x86', status: 20 },
  { by: 'Rex', line: 'vzlist -a -H -o ctid -h nosuch.example.org', out: '' },
  {
    by: 'SolusVM',
    line: 'vzctl set 101 --frobnicate 5 --save',
    status: 20,
    err: /Invalid option --frobnicate/,
  },
  { by: 'SolusVM', line: 'vzctl set 101 --ipadd 10.77.5.2 --save', status: 78 },
  { by: 'SolusVM', line: 'vzctl set 101 --ipadd 300.1.1.1 --save', status: 34 },
  { by: 'wiki: VPN via TUN', line: 'vzctl set 101 --devnodes net/tun:rw --save', out: saved },
  { by: 'wiki: VPN via TUN', line: 'vzctl set 101 --devices c:10:200:rw --save', out: saved },
  { by: 'wiki: VPN via TUN', line: 'vzctl set 101 --capability net_admin:on --save', out: saved },
  { by: 'man page', line: 'vzctl set 101 --capability net_admin --save', status: 21 },
  {
    by: 'man page',
    line: 'vzctl set 101 --capability ve_admin:on --save',
    out: saved,
    err: /has no ve_admin/,
  },
  { by: 'man page', line: 'vzctl set 101 --features nfs --save', status: 21 },
  { by: 'wiki: FUSE', line: 'vzctl set 101 --devnodes fuse:rw --save', out: saved },
  { by: 'wiki: iptables', line: 'vzctl set 101 --netfilter full --save', out: saved },
  { by: 'wiki: NFS', line: "vzctl set 101 --features 'nfs:on' --save", out: saved },
  { by: 'SolusVM', line: 'vzctl set 101 --ioprio 6 --iolimit 10 --iopslimit 500 --save', out: saved },
  { by: 'wiki: VSwap', line: 'vzctl set 101 --physpages 0:512M --swappages 0:512M --save', out: saved },
  {
    by: 'wiki: UBC',
    line: 'vzctl set 101 --kmemsize 16777216:17825792 --lockedpages 4096 --shmpages 21504 --vmguarpages 33792:unlimited --oomguarpages 26112:unlimited --numtcpsock 360 --numflock 188:206 --numpty 16 --numsiginfo 256 --save',
    out: saved,
  },
  {
    by: 'wiki: UBC',
    line: 'vzctl set 101 --tcpsndbuf 1720320:2703360 --tcprcvbuf 1720320:2703360 --othersockbuf 1126080:2097152 --dgramrcvbuf 262144 --numothersock 360 --dcachesize 3409920:3624960 --numiptent 128 --avnumproc 180 --save',
    out: saved,
  },
  {
    by: 'HyperVM',
    line: 'vzctl set 101 --kmemsize unlimited --numproc 9999999 --numfile unlimited:unlimited --save',
    out: saved,
  },
  { by: 'wiki: CPU', line: 'vzctl set 101 --cpulimit 10% --cpumask all --save', out: saved },
  { by: 'wiki: CPU', line: 'vzctl set 101 --cpus 64 --save', out: saved },
  { by: 'wiki: I/O', line: 'vzctl set 101 --iolimit unlimited --iopslimit 0 --save', out: saved },
  {
    by: 'wiki: memory',
    line: 'vzctl set 101 --meminfo privvmpages:1 --vm_overcommit 1.5 --save',
    out: saved,
  },
  { by: 'wiki: DNS', line: 'vzctl set 101 --nameserver inherit --searchdomain inherit --save', out: saved },
  { by: 'wiki: distributions', line: 'vzctl set 101 --ostemplate debian-8.0-x86 --save', out: saved },
  { by: 'wiki: ploop', line: 'vzctl set 101 --mount_opts noatime --diskquota yes --save', out: saved },
  {
    by: 'wiki: features',
    line: 'vzctl set 101 --features nfs:on,sit:off --features ppp:on --save',
    out: saved,
  },
  {
    by: 'wiki: paths',
    line: 'vzctl set 101 --root /vz/root/101 --private /vz/private/101 --save',
    out: saved,
  },
  {
    by: 'vps.basic scripts',
    line: 'vzctl set 101 --stop-timeout 5 --iptables ipt_REJECT --iptables ipt_state --save',
    out: saved,
  },
  { by: 'OVZ Web Panel', line: "vzctl set 101 --description '' --save", out: saved },
  {
    by: 'OVZ Web Panel',
    line: 'vzctl set 101 --nameserver 10.77.0.1 --numproc 100 --cpus 1 --kmemsize 16M:17M --save',
    out: saved,
  },
  { by: 'SolusVM', line: "vzctl set 101 --hostname 'a b' --save", status: 70 },
  { by: 'SolusVM', line: 'vzctl set 101 --userpasswd root', status: 21 },
  { by: 'SolusVM', line: 'vzctl set 102 --name 101 --save', status: 131 },
  { by: 'SolusVM', line: "vzctl set 102 --name 'a/b' --save", status: 131 },
  { by: 'SolusVM', line: 'vzctl create 103 --name mail', status: 131 },
  { by: 'SolusVM', line: 'vzctl status 103', out: 'CTID 103 deleted unmounted down\n' },
  { by: 'SolusVM', line: 'vzctl create 103 --ipadd 10.77.5.1', status: 78 },
  { by: 'SolusVM', line: 'vzlist -a -1', out: '       101\n       102\n' },
  { by: 'SolusVM', line: 'vzctl set 101 --disabled yes --save', out: saved },
  { by: 'SolusVM', line: 'vzctl start 101', status: 105, err: /start disabled/ },
  { by: 'SolusVM', line: 'vzctl set 101 --disabled no --save', out: saved },
  { by: 'wiki: bootorder', line: 'vzctl set 101 --bootorder 10 --save', out: saved },
  { by: 'wiki: mount', line: 'vzctl mount 101', out: /^Container is mounted/ },
  { by: 'Proxmox VE 3: vzdump', line: 'vzctl status 101', out: 'CTID 101 exist mounted down\n' },
  { by: 'wiki: mount', line: 'vzctl mount 101', status: 41 },
  { by: 'HyperVM', line: 'vzctl destroy 101', status: 41 },
  {
    by: 'SolusVM',
    line: 'vzctl start 101',
    out: 'Starting container...\nContainer is mounted\nContainer start in progress...\n',
  },
  { by: 'SolusVM', line: 'vzctl start 101', status: 32, err: /already running/ },
  { by: 'SolusVM', line: 'vzctl status 101', out: 'CTID 101 exist mounted running\n' },
  { by: 'udev rule', line: 'vzlist -H -o status 101', out: 'running\n' },
  {
    by: 'SolusVM',
    line: 'vzlist -H -o ctid,kmemsize,kmemsize.l,numproc.b,diskspace.h,cpuunits,onboot,bootorder,smart_name 101',
    out: /^ {7}101 +\d+ +\d+ +100 +\d+ +1000 +yes +10 101\n$/,
  },
  {
    by: 'OpenNebula',
    line: 'vzlist -H -o laverage,uptime',
    out: /^ *[\d.]+\/[\d.]+\/[\d.]+ +000d00h\d\dm\d\ds\n$/,
  },
  {
    by: 'pyinfra',
    line: 'vzlist -a -j',
    out: /^\[\n {2}\{\n {4}"ctid": 101,[\s\S]*"limit": \d+[\s\S]*\}\n\]\n$/,
  },
  { by: 'OpenNebula', line: 'vzcpucheck', out: /^Current CPU utilization: \d+\nPower of the node: \d+\n$/ },
  {
    by: 'OpenNebula',
    line: 'vzmemcheck',
    out: /^Output values in %\n LowMem {2}LowMem {5}RAM MemSwap MemSwap {3}Alloc {3}Alloc {3}Alloc\n {3}util {2}commit {4}util {4}util {2}commit {4}util {2}commit {3}limit\n( +([\d.]+|unlim)){8}\n$/,
  },
  { by: 'wiki: UBC', line: 'vzmemcheck -v -A', out: /^Output values in Mbytes\nCTID[\s\S]*\n101 / },
  { by: 'wiki: vzcalc', line: 'vzcalc -v 101', out: /^Resource[\s\S]*Num\. Proc[\s\S]*\nMemory / },
  { by: 'wiki: UBC', line: 'vzubc 101', out: /^-+\nCT 101[\s\S]*\n {6}numproc\|/ },
  { by: 'wiki: UBC', line: 'vzubc -q -qh 0.9 -qm 1' },
  { by: 'Proxmox VE 3', line: 'vzctl exec 101 /bin/cat /proc/net/dev', out: /lo:/ },
  { by: 'SolusVM', line: "vzctl exec 101 'cd /tmp; pwd | wc -l'", out: '1\n' },
  { by: 'wiki: exec', line: 'vzctl exec 101 cat /etc/hostname', out: 'shop.example.org\n' },
  { by: 'wiki: exec', line: 'vzctl exec 101 false', status: 8 },
  { by: 'vpsAdmin', line: 'vzctl exec2 101 exit 5', status: 5 },
  { by: 'wiki: exec', line: 'vzctl exec 101 -', input: 'echo from stdin\n', out: 'from stdin\n' },
  { by: 'OVZ Web Panel', line: 'vzctl runscript 101 HOST/script.sh', status: 7, out: /^script in shop/ },
  { by: 'OVZ Web Panel', line: 'vzctl runscript 101 HOST/nosuch.sh', status: 11 },
  { by: 'puppet-openvz', line: "vzctl exec3 101 sh -c 'echo $0 $# $1' a 'b  c' *", out: 'a 2 b c\n' },
  { by: 'puppet-openvz', line: 'vzctl exec3 101 sh -c "exit 5"', status: 5 },
  { by: 'puppet-openvz', line: 'vzctl exec3 101 nosuch', status: 127 },
  {
    by: 'wiki: exec',
    line: `vzctl exec 101 'printf "#!/bin/sh\necho bash \\$@\n" > /bin/bash; chmod +x /bin/bash'`,
  },
  { by: 'CentOS scripts', line: 'vzctl exec 101 source /etc/profile', out: 'bash -c source /etc/profile\n' },
  { by: 'CentOS scripts', line: 'vzctl exec2 101 -', out: 'bash -s\n' },
  { by: 'CentOS scripts', line: 'vzctl runscript 101 HOST/script.sh', out: 'bash -s\n' },
  { by: 'CentOS scripts', line: 'vzctl exec3 101 rm /bin/bash' },
  { by: 'wiki: console', line: 'vzctl console 101', input: '\r\x1b.', out: /^Attached to CT 101/ },
  { by: 'wiki: console', line: 'vzctl console 101 2', status: 21 },
  { by: 'SolusVM', line: 'vzctl enter 101 --exec hostname', out: /shop\.example\.org/ },
  { by: 'wiki: TUN', line: 'vzctl exec 101 ls /dev/net/tun /dev/fuse', out: '/dev/fuse\n/dev/net/tun\n' },
  {
    by: 'SolusVM',
    line: 'vzctl set 101 --ipadd 10.77.5.3 --save',
    out: /Adding IP address\(es\): 10\.77\.5\.3/,
  },
  { by: 'SolusVM', line: "vzctl exec 101 'ip addr show | grep -c 10.77.5.3'", out: '1\n' },
  { by: 'SolusVM', line: 'vzctl set 101 --ipadd 10.77.5.3 --save' },
  { by: 'SolusVM', line: 'vzctl set 101 --ipdel 10.77.5.3 --save', out: /Deleting IP/ },
  {
    by: 'SolusVM',
    line: 'vzctl set 101 --numproc 90',
    out: 'UB limits were set successfully\n',
    err: /Settings were not saved to config/,
  },
  {
    by: 'SolusVM',
    line: 'vzctl set 101 --hostname www.example.org --save',
    out: /Set hostname: www\.example\.org/,
  },
  { by: 'SolusVM', line: 'vzctl set 101 --userpasswd root:newone', out: /Changing password/ },
  { by: 'SolusVM', line: 'vzctl set 101 --userpasswd nosuchuser:x', status: 74 },
  { by: 'SolusVM', line: 'vzctl set 101 --name web --save', status: 131 },
  { by: 'wiki: veth', line: 'vzctl set 101 --netif_add eth1 --save', out: saved },
  { by: 'wiki: veth', line: 'vzctl exec 101 ls /sys/class/net', out: /^eth1$/m },
  { by: 'wiki: veth', line: 'vzctl set 101 --netif_add eth1 --save', status: 130, err: /eth1 already/ },
  { by: 'wiki: veth', line: 'vzctl set 101 --netif_add eth2,,,,nosuchbr --save', status: 130 },
  { by: 'wiki: veth', line: 'vzctl set 101 --netif_del eth1 --save', out: saved },
  { by: 'wiki: veth', line: "vzctl exec 101 'ls /sys/class/net | grep -c eth1'", status: 8, out: '0\n' },
  { by: 'wiki: veth', line: 'vzctl set 101 --netif_del eth1 --save', status: 130 },
  {
    by: 'wiki: veth',
    line: 'vzctl set 101 --ifname eth9 --mac 52:54:00:00:00:01 --save',
    status: 130,
    err: /no interface eth9/,
  },
  {
    by: 'wiki: capabilities',
    line: 'vzctl set 101 --capability sys_time:on --save',
    out: saved,
    err: /could not be applied to a running container/,
  },
  { by: 'wiki: TUN', line: 'vzctl set 101 --devnodes net/tun:none --save', out: saved },
  { by: 'wiki: TUN', line: 'vzctl exec 101 ls /dev/net/tun', status: 8 },
  { by: 'wiki: TUN', line: 'vzctl set 101 --devices c:10:200:rw --save', out: saved },
  { by: 'wiki: TUN', line: 'vzctl exec 101 ls /dev/net/tun', out: '/dev/net/tun\n' },
  { by: 'wiki: devices', line: 'vzctl set 101 --devices b:8:0:rw --save', status: 86 },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --applyconfig basic --save', out: saved },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --applyconfig nosuch --save', status: 109 },
  { by: 'man page', line: 'vzctl set 102 --ram 300M --applyconfig vswap-256m --save' },
  { by: 'man page', line: 'vzlist -a -H -o physpages.l,swappages.l 102', out: '     76800     131072\n' },
  { by: 'OVZ Web Panel', line: 'vzctl set 101 --applyconfig light --save', out: saved, err: /--diskinodes/ },
  { by: 'SolusVM', line: 'vzctl set 101 --diskinodes 80000:88000 --save', out: saved, err: /--diskinodes/ },
  { by: 'OVZ Web Panel: clone', line: 'vzctl chkpnt 101 --suspend' },
  { by: 'OVZ Web Panel: clone', line: 'vzctl chkpnt 101 --resume' },
  { by: 'WHMCS openvz6', line: 'vzctl suspend 101', status: 16, err: /not supported/ },
  { by: 'WHMCS openvz6', line: 'vzctl resume 101', status: 17 },
  { by: 'wiki: snapshots', line: 'vzctl snapshot-list 101', out: /^PARENT_UUID +C UUID +DATE +NAME\n$/ },
  {
    by: 'wiki: snapshots',
    line: `vzctl snapshot 101 --id ${snapshotId} --name before --skip-suspend --skip-config`,
    out: `Creating snapshot {${snapshotId}}\nSnapshot {${snapshotId}} has been successfully created\n`,
  },
  { by: 'wiki: snapshots', line: `vzctl snapshot 101 --id ${snapshotId}`, status: 156, err: /already/ },
  {
    by: 'vzpbackup',
    line: 'vzctl snapshot-list 101 -H -o uuid,current,name',
    out: `{${snapshotId}} * before\n`,
  },
  { by: 'man page', line: 'vzctl snapshot 101 --description later', out: /^Creating snapshot \{\S{36}\}\n/ },
  { by: 'man page', line: `vzctl snapshot-list 101 --id {${snapshotId}} -H -o name`, out: 'before\n' },
  { by: 'man page', line: 'vzctl snapshot-list 101 -o nosuch', status: 21 },
  { by: 'wiki: snapshots', line: `vzctl snapshot-switch 101 --id {${snapshotId}}` },
  { by: 'man page', line: `vzctl snapshot-switch 101 --id ${snapshotId} --must-resume`, status: 159 },
  { by: 'man page', line: 'vzctl snapshot-switch 101 --id nosuch', status: 159, err: /nosuch/ },
  { by: 'man page', line: 'vzctl snapshot-switch 101', status: 27 },
  { by: 'man page', line: `vzctl snapshot-mount 101 --id ${snapshotId} --target /mnt`, status: 152 },
  { by: 'wiki: snapshots', line: `vzctl snapshot-delete 101 --id ${snapshotId}` },
  { by: 'wiki: snapshots', line: `vzctl snapshot-delete 101 --id ${snapshotId}`, status: 158 },
  { by: 'HyperVM', line: 'vzctl destroy 101', status: 32, err: /currently running/ },
  { by: 'vz init script', line: 'vzctl quotaon 101', status: 32 },
  {
    by: 'SolusVM',
    line: 'vzctl restart 101',
    out: /Container was stopped[\s\S]*Container start in progress/,
  },
  {
    by: 'SolusVM',
    line: 'vzctl stop 101',
    out: /^Stopping container \.\.\.\n(Killing container \.\.\.\n)?Container was stopped\nContainer is unmounted\n$/,
  },
  { by: 'vzctl stop && vzctl destroy', line: 'vzctl stop 101', out: '', err: /not running/ },
  { by: 'SolusVM', line: 'vzctl exec 101 ls', status: 31 },
  { by: 'wiki: umount', line: 'vzctl umount 101', status: 40 },
  { by: 'OVZ Web Panel', line: 'vzctl runscript 101 HOST/script.sh', status: 7, out: /^script in/ },
  { by: 'vpsAdmin', line: 'vzctl status 101', out: 'CTID 101 exist unmounted down\n' },
  { by: 'SolusVM', line: 'vzctl start 101 --wait', out: /Container start in progress/ },
  { by: 'SolusVM', line: 'vzctl set 101 --name web --setmode restart --save', out: /Name web assigned/ },
  { by: 'SolusVM', line: 'vzctl stop web --fast', out: /Container was stopped/ },
  { by: 'SolusVM', line: 'vzlist -a -H -o name web', out: 'web\n' },
  { by: 'HyperVM', line: 'vzctl --quiet destroy 101', out: '' },
  { by: 'OVZ Web Panel', line: 'vzctl destroy mail', out: /Container private area was destroyed\n$/ },
];

for (const { by, line, input, status = 0, out, err } of cases)
  test(`${line} (${by})`, async () => {
    const ended = await vz(line, input);
    assert.equal(ended.status, status, `${ended.stdout}${ended.stderr}`);
    if (typeof out === 'string') assert.equal(ended.stdout, out);
    else if (out !== undefined) assert.match(ended.stdout, out);
    if (err !== undefined) assert.match(ended.stderr, err);
  });

test('what vzlist prints as JSON can be read, and is of all containers', async () => {
  await vz('vzctl create 103');
  const [found, ...others] = JSON.parse((await vz('vzlist -a -j')).stdout);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [found.ctid, found.status, found.ip, found.onboot, found.numproc.held, found.ostemplate, found.disabled],
    [103, 'stopped', [], false, 0, 'debian-7.0-x86', false],
  );
  assert.deepEqual(JSON.parse((await vz('vzlist -j')).stdout), []);
  await vz('vzctl destroy 103');
});

test('each field that vzlist knows it shows, of one that runs and one that is off', async () => {
  await vz('vzctl create 103 --ipadd 10.77.5.3');
  await vz('vzctl create 104');
  await vz('vzctl start 103');
  const names = (await vz('vzlist -L')).stdout.split('\n').flatMap((line) => line.split(/ +/)[0] || []);
  assert.ok(names.length > 130, String(names.length));
  const { status, stdout, stderr } = await vz(`vzlist -a -H -t -o ${names.join(',')}`);
  assert.equal(status, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n').length, 2);
  for (const name of ['kmemsize', 'ip', '-numproc.f', 'uptime', 'capability'])
    assert.equal((await vz(`vzlist -a -s ${name}`)).status, 0, name);
  await world.eraseAll();
});

test('of several who start it at once one does, and the others hear that it runs', async () => {
  await vz('vzctl create 103');
  const ended = await Promise.all(Array.from({ length: 4 }, async () => await vz('vzctl start 103')));
  assert.deepEqual(ended.map(({ status }) => status).sort(), [0, 32, 32, 32]);
  const stopped = await Promise.all(
    Array.from({ length: 3 }, async () => await vz('vzctl --quiet stop 103 --fast')),
  );
  for (const { status } of stopped) assert.ok(status === 0 || status === 31, String(status));
  assert.equal((await vz('vzctl status 103')).stdout, 'CTID 103 exist unmounted down\n');
  const sets = await Promise.all(
    ['--numproc 91', '--ipadd 10.77.5.3', '--hostname one', '--cpuunits 2000'].map(
      async (words) => await vz(`vzctl set 103 ${words} --save`),
    ),
  );
  assert.deepEqual(
    sets.map(({ status }) => status),
    [0, 0, 0, 0],
  );
  assert.equal(
    (await vz('vzlist -H -o numproc.b,ip,cpuunits,hostname -t 103')).stdout.trim().replace(/ +/g, ' '),
    '91 10.77.5.3 2000 one',
  );
  await world.eraseAll();
});

test('a container is registered on its own files, run, and left behind', async () => {
  const files = `${world.host}/private/120`;
  await mkdir(`${world.host}/private`);
  await output(['cp', '-a', `${world.root}/lib/templates/busybox/rootfs`, files]);
  await writeFile(`${files}/ve.conf`, 'PHYSPAGES="0:16384"\nHOSTNAME="old.example.org"\nNAME="old"\n');
  const registered = await vz(`vzctl register ${files} 120`);
  assert.deepEqual([registered.status, registered.stdout], [0, 'Container 120 was registered\n']);
  assert.equal((await vz(`vzctl register ${files} 120`)).status, 44);
  assert.equal((await vz('vzctl register /nosuch 121')).status, 43);
  assert.equal((await vz('vzlist -a -H -o ctid,private')).stdout, `       120 ${files}\n`);
  assert.equal((await vz('vzctl start old')).status, 0);
  assert.equal((await vz('vzctl exec 120 hostname')).stdout, 'old.example.org\n');
  await vz('vzctl stop 120 --fast');
  const destroyed = await vz('vzctl destroy 120');
  assert.equal(destroyed.status, 52, destroyed.stderr);
  assert.equal((await vz('vzctl unregister 120')).stdout, 'Container 120 was unregistered\n');
  assert.equal((await vz('vzctl status 120')).stdout, 'CTID 120 deleted unmounted down\n');
  assert.match(await readFile(`${files}/ve.conf`, 'utf8'), /PHYSPAGES/);
});

test('the paths that are told are there, whatever a container is called', async () => {
  const { stdout } = await vz("vzctl create 103 --name 'Web Server 1'");
  const [, conf = ''] = /saved to (.*)\n/.exec(stdout) ?? [];
  assert.match(await readFile(conf, 'utf8'), /^OSTEMPLATE/m);
  const files = (await vz('vzlist -a -t -H -o private 103')).stdout.trim();
  await access(files);
  assert.equal((await vz("vzctl start 'Web Server 1'")).status, 0);
  await vz('vzctl stop 103 --fast');
  assert.match((await vz('vzctl destroy 103')).stdout, new RegExp(`^Destroying .*: ${files}\n`));
});

test("the host's end of a veth has the name that OpenVZ's scripts put on a bridge", async () => {
  const links = async (): Promise<string[]> => {
    const { stdout } = await run(world.enclosure.argv('ip', '-o', 'link'), {});
    return [...stdout.matchAll(/ (veth10[\w.]*)@/g)].flatMap(([, name]) => name ?? []).sort();
  };
  await vz('vzctl create 103 --netif_add eth0');
  await vz('vzctl start 103');
  assert.deepEqual(await links(), ['veth103.0']);
  await vz('vzctl set 103 --netif_add eth1 --save');
  await vz('vzctl set 103 --netif_add lan,,veth103lan --save');
  assert.deepEqual(await links(), ['veth103.0', 'veth103.1', 'veth103lan']);
  assert.equal((await vz('vzctl set 103 --netif_del all --netif_add eth0 --save')).status, 0);
  assert.deepEqual(await links(), ['veth103.0']);
  // Longer than a link's name may be: it is called as any other.
  assert.equal((await vz('vzctl create 2147483644 --netif_add eth10')).status, 0);
  assert.equal((await vz('vzctl start 2147483644')).status, 0);
  await world.eraseAll();
});

test('domains that are no containers of OpenVZ are none of its programs', async () => {
  await world.client.domains.create({ body: { name: '104', template: 'busybox' }, dryRun: false });
  assert.equal((await vz('vzctl status 104')).stdout, 'CTID 104 deleted unmounted down\n');
  assert.equal((await vz('vzctl destroy 104')).status, 14);
  assert.equal((await vz('vzlist -a')).stdout, '');
  assert.equal((await vz('vzlist -a 104')).status, 1);
  await world.eraseAll();
});
