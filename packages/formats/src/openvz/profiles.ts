// The profiles that come with ctvirt, in OpenVZ's own sample-file format.
// SPDX-License-Identifier: Apache-2.0

/** A profile: the text of a file `ve-NAME.conf-sample`. */
export interface Profile {
  readonly name: string;
  readonly text: string;
}

const basic = `# vps.basic: an ordinary server, about 256 MiB and 240 processes.
# Values are barrier:limit, or one number for both.

# How many of each thing
NUMPROC="240"
AVNUMPROC="180"
NUMTCPSOCK="360"
NUMOTHERSOCK="360"
NUMFLOCK="188:206"
NUMPTY="16"
NUMSIGINFO="256"
NUMFILE="9312"
NUMIPTENT="128"

# Memory, in pages
PRIVVMPAGES="65536:69632"
VMGUARPAGES="33792:unlimited"
OOMGUARPAGES="26112:unlimited"
SHMPAGES="21504"
LOCKEDPAGES="2048"
PHYSPAGES="0:unlimited"

# Kernel memory and socket buffers, in bytes
KMEMSIZE="14372700:14790164"
DCACHESIZE="3409920:3624960"
TCPSNDBUF="1720320:2703360"
TCPRCVBUF="1720320:2703360"
OTHERSOCKBUF="1126080:2097152"
DGRAMRCVBUF="262144"

# Disk, soft:hard
DISKSPACE="2G:2.2G"
DISKINODES="131072:144179"
QUOTATIME="0"

# CPU weight
CPUUNITS="1000"

NETFILTER="stateless"
`;

const light = `# vps.light: one small service, about 30 MiB and 40 processes.
# Values are barrier:limit, or one number for both.

# How many of each thing
NUMPROC="40"
AVNUMPROC="15"
NUMTCPSOCK="40"
NUMOTHERSOCK="40"
NUMFLOCK="50:60"
NUMPTY="4"
NUMSIGINFO="256"
NUMFILE="512"
NUMIPTENT="16"

# Memory, in pages
PRIVVMPAGES="7680:8448"
VMGUARPAGES="1725:unlimited"
OOMGUARPAGES="1725:unlimited"
SHMPAGES="1152"
LOCKEDPAGES="4"
PHYSPAGES="0:unlimited"

# Kernel memory and socket buffers, in bytes
KMEMSIZE="1740800:1847296"
DCACHESIZE="196608:202752"
TCPSNDBUF="159744:262144"
TCPRCVBUF="159744:262144"
OTHERSOCKBUF="135168:237568"
DGRAMRCVBUF="135168:196608"

# Disk, soft:hard
DISKSPACE="1G:1.1G"
DISKINODES="65536:72090"
QUOTATIME="0"

# CPU weight
CPUUNITS="250"

NETFILTER="stateless"
`;

const vswap = (name: string, ram: string, swap: string): Profile => ({
  name,
  text: `# ${name}: ${ram} of memory and twice that of swap; everything else in memory is unlimited.

PHYSPAGES="0:${ram}"
SWAPPAGES="0:${swap}"

# Disk, soft:hard
DISKSPACE="2G:2.2G"
DISKINODES="131072:144179"
QUOTATIME="0"

# CPU weight
CPUUNITS="1000"

NETFILTER="stateless"
`,
});

/** What an installation starts with; a file of the same name in the configuration folder wins over these. */
export const profiles: readonly Profile[] = [
  { name: 'vps.basic', text: basic },
  { name: 'vps.light', text: light },
  vswap('vswap-256m', '256M', '512M'),
  vswap('vswap-512m', '512M', '1G'),
  vswap('vswap-1g', '1G', '2G'),
  vswap('vswap-2g', '2G', '4G'),
  vswap('vswap-4g', '4G', '8G'),
];

const filePattern = /^ve-(.+)\.conf-sample$/;

/** The file a profile is kept in. */
export function profileFileName(name: string): string {
  return `ve-${name}.conf-sample`;
}

/** The profile a file holds, undefined for any other file. */
export function profileNameOf(fileName: string): string | undefined {
  return filePattern.exec(fileName)?.[1];
}
