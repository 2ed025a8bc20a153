// Small native configurations that use most keys: what the fuzz target mutates.
// SPDX-License-Identifier: Apache-2.0
import type { FileEntry, FileSet } from '../files.js';
import type { FormatName } from '../formats.js';
import { profiles } from '../openvz/profiles.js';

const openvz = `# A container
ONBOOT="yes"
NAME="web one"
KMEMSIZE="14372700:14790164"
PRIVVMPAGES="65536:69632"
SHMPAGES="21504"
NUMPROC="240:240"
VMGUARPAGES="33792:unlimited"
PHYSPAGES="0:256M"
SWAPPAGES="0:512M"
OOMGUARPAGES="26112:9223372036854775807"
DISKSPACE="1048576:1.1G"
DISKINODES="200000:220000"
DISK_QUOTA="yes"
QUOTATIME="0"
QUOTAUGIDLIMIT="100"
CPUUNITS="1000"
CPULIMIT="50%"
CPUS="2"
CPUMASK="0,2-3"
NODEMASK="all"
IOPRIO="4"
IOLIMIT="10M"
IOPSLIMIT="unlimited"
VE_ROOT="/vz/root/$VEID"
VE_PRIVATE="/vz/private/$VEID"
VE_LAYOUT="simfs"
OSTEMPLATE="centos-5-x86"
ORIGIN_SAMPLE="vps.basic"
DESCRIPTION="some text"
IP_ADDRESS="192.168.1.105 10.0.0.1/24 fe80::1"
NETIF="ifname=eth0,bridge=br0,mac=00:18:51:AB:CD:EF,host_ifname=veth105.0;ifname=eth1"
NETDEV="eth7"
HOSTNAME="ct.example.org"
NAMESERVER="10.0.0.53 10.0.0.54"
SEARCHDOMAIN="example.org"
CAPABILITY="SYS_TIME:on MKNOD:off"
FEATURES="nfs:on"
DEVNODES="net/tun:rw sdb:r"
DEVICES="c:10:229:rw"
LOCAL_HACK="kept"

#UUID: 8509a1d4-1569-4467-8b37-4e433a1ac7b1
`;

const lxc = `lxc.include = /common.conf
lxc.uts.name = web
lxc.arch = amd64
lxc.rootfs.path = dir:/r
lxc.rootfs.options = nodev,ro
lxc.environment = LANG=C
lxc.environment = container_uuid=8509a1d4-1569-4467-8b37-4e433a1ac7b1
lxc.init.cmd = /sbin/init --log level
lxc.init.uid = 0
lxc.mount.entry = /srv/data srv/my\\040data none bind,ro,create=dir 0 0
lxc.mount.entry = tmpfs run tmpfs size=16M,mode=0755 0 0
lxc.mount.entry = a b none bind,relative 0 0
lxc.mount.entry = /dev/sdb1 disk ext4 defaults 0 0
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.cgroup2.memory.max = 128M
lxc.cgroup2.memory.high = 64M
lxc.cgroup2.memory.low = 32M
lxc.cgroup2.memory.swap.max = 64M
lxc.cgroup.memory.memsw.limit_in_bytes = 1G
lxc.cgroup.cpu.shares = 512
lxc.cgroup2.cpu.weight = 50
lxc.cgroup2.cpu.max = 50000 100000
lxc.cgroup2.cpuset.cpus = 0-1
lxc.cgroup2.cpuset.mems = 0
lxc.cgroup2.pids.max = 100
lxc.cgroup2.devices.allow = c 10:200 rwm
lxc.cgroup.devices.allow = b 8:0 rwm
lxc.cgroup2.io.max = 8:0 rbps=1048576 wiops=100
lxc.cgroup.blkio.weight = 500
lxc.cap.drop = sys_time sys_module
lxc.cap.keep = net_raw
lxc.prlimit.nofile = 1024
lxc.prlimit.core = 0:unlimited
lxc.sysctl.kernel.shmall = 100
lxc.apparmor.profile = unconfined
lxc.namespace.share.net = other
lxc.tty.max = 2
lxc.pty.max = 64
lxc.start.auto = 1
lxc.hook.start = /bin/true
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.flags = up
lxc.net.0.name = eth0
lxc.net.0.hwaddr = 00:16:3e:aa:bb:cc
lxc.net.0.mtu = 1400
lxc.net.0.veth.pair = v0
lxc.net.0.veth.vlan.id = 5
lxc.net.0.ipv4.address = 10.0.0.2/24
lxc.net.0.ipv4.gateway = 10.0.0.1
lxc.net.0.ipv6.address = fe80::2/64
lxc.net.1.type = macvlan
lxc.net.1.link = eth1
lxc.net.1.macvlan.mode = bridge
lxc.net.2.type = phys
lxc.net.2.link = eth2
lxc.network.type = vlan
lxc.network.link = eth3
lxc.network.vlan.id = 7
`;

const zonecfg = `create -b
set zonepath=/zones/web
set brand=lx
set autoboot=true
set bootargs=-i /bin/sh -v
set limitpriv=default,!sys_time
set ip-type=shared
set max-lwps=100
set hostid=80f0c086
add inherit-pkg-dir
set dir=/usr
end
add fs
set dir=/data
set special=/export/data
set type=lofs
add options [ro,nosuid]
end
add fs
set dir=/t
set special=swap
set type=tmpfs
add options "size=8m"
end
add fs
set dir=/v
set special=tank/v
set type=zfs
end
add net
set address=10.0.0.5/24
set physical=e1000g0
set defrouter=10.0.0.1
end
add net
set physical=vnic0
set global-nic=net1
set mac-addr=2:8:20:0:1:2
set vlan-id=7
end
add device
set match=/dev/zvol/x
end
add capped-memory
set physical=512M
set swap=1G
set locked=8k
end
add capped-cpu; set ncpus=0.5; end
add rctl
set name=zone.cpu-shares
add value (priv=privileged,limit=5,action=none)
end
add rctl
set name=zone.max-shm-memory
add value (priv=privileged,limit=4194304,action=deny)
end
add attr
set name=comment
set type=string
set value="two words"
end
add attr
set name=resolvers
set type=string
set value=10.0.0.1,10.0.0.2
end
add dataset
set name=tank/delegated
end
add dedicated-cpu
set ncpus=1-2
end
`;

const vserver: Readonly<Record<string, string>> = {
  name: 'web\n',
  context: '1234\n',
  'uts/nodename': 'web.example.org\n',
  'apps/init/style': 'plain\n',
  'apps/init/mark': 'default\n',
  'apps/init/cmd.start': '/bin/sh\n-c\nsleep 1\n',
  'apps/init/environment': 'LANG=C\n',
  'apps/vshelper/action': 'restart\n',
  'apps/vdevmap/0/device': '/dev/fuse\n',
  'apps/vdevmap/0/open': '',
  bcapabilities: 'NET_RAW\n~CAP_KILL\n',
  ccapabilities: 'secure_mount\nraw_icmp\n',
  ncapabilities: 'tun_create\n',
  cflags: 'sched_hard\nvirt_mem\n',
  personality: 'linux32\n',
  fstab:
    'none /proc proc defaults 0 0\nnone /tmp tmpfs size=16m,mode=1777 0 0\n/srv/data /data none bind,ro 0 0\n/dev/sdb1 / ext4 dev 0 0\n',
  'interfaces/prefix': '24\n',
  'interfaces/0/ip': '10.0.0.5\n',
  'interfaces/0/dev': 'eth0\n',
  'interfaces/1/ip': 'fe80::5/64\n',
  'interfaces/2/ip': '10.0.0.6\n',
  'interfaces/2/mask': '255.255.0.0\n',
  'netns/interfaces/0/guest': 'eth0\n',
  'netns/interfaces/0/host': 'v0\n',
  'spaces/net': 'other\n',
  'rlimits/rss.hard': '65536\n',
  'rlimits/rss.soft': '32K\n',
  'rlimits/rss.min': '100\n',
  'rlimits/nproc': '100\n',
  'rlimits/as': 'inf\n',
  'cgroup/cpu.shares': '512\n',
  'cgroup/memory.limit_in_bytes': '256M\n',
  'cgroup/freezer.state': 'THAWED\n',
  'cpuset/cpus': '0-1\n',
  'dlimits/0/directory': '/vservers/web\n',
  'dlimits/0/space_total': '1048576\n',
  'dlimits/0/inodes_total': '50000\n',
  'sched/fill-rate': '1\n',
  'sched/interval': '4\n',
  'scripts/post-start': '#!/bin/sh\n',
};

const text = (entries: Readonly<Record<string, string>>): FileSet =>
  new Map(Object.entries(entries).map(([path, content]): [string, FileEntry] => [path, { text: content }]));

/** Files to begin with, for each format. */
export const samples: Readonly<Record<FormatName, readonly FileSet[]>> = {
  openvz: [
    text({ '105.conf': openvz, 'vz.conf': 'VE_PRIVATE="/srv/$VEID"\nNAMESERVER="inherit"\n' }),
    ...profiles.map((profile) => text({ '200.conf': profile.text })),
  ],
  lxc: [
    text({
      'web/config': lxc,
      '/common.conf': 'lxc.tty.max = 4\nlxc.mount.fstab = /fstab\n',
      '/fstab': '/a b none bind\n',
    }),
  ],
  vserver: [
    text(Object.fromEntries(Object.entries(vserver).map(([path, content]) => [`web/${path}`, content]))),
    new Map<string, FileEntry>([
      ['web/vdir', { link: '/etc/vservers/.defaults/vdirbase/web' }],
      ['.defaults/vdirbase', { link: '/srv/guests' }],
    ]),
  ],
  zonecfg: [text({ 'web.cfg': zonecfg })],
};
