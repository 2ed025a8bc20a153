// The files of the embedded default template, beside the busybox program itself.
// SPDX-License-Identifier: Apache-2.0

const folders =
  'bin dev etc etc/init.d home lib media mnt opt proc root run sbin srv srv/www srv/www/cgi-bin sys tmp usr usr/bin usr/lib usr/sbin usr/share usr/share/udhcpc var var/cache var/lib var/log var/spool var/tmp';
const otherModes = new Map([
  ['root', 0o700],
  ['tmp', 0o1777],
  ['var/tmp', 0o1777],
]);

/** Folders of the template with their modes, from the root of it on. */
export const BUSYBOX_DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  '',
  ...folders.split(' '),
].map((path) => [path, otherModes.get(path) ?? 0o755]);

/** Links that are no applets. */
export const BUSYBOX_LINKS: readonly (readonly [path: string, target: string])[] = [
  ['etc/mtab', '../proc/self/mounts'],
  ['var/run', '../run'],
  ['var/lock', '../run'],
];

// Without a file: the ring in shared memory (`logread`) can never fill the container's disk.
const inittab = `# Read by busybox init, process 1 of this container.
::sysinit:/etc/init.d/rcS
::respawn:/sbin/syslogd -n -C64
::respawn:/usr/sbin/httpd -f -p 80 -u www-data -h /srv/www
console::respawn:-/bin/sh
::ctrlaltdel:/sbin/reboot
::shutdown:/etc/init.d/rcK
::restart:/sbin/init
`;

const rcS = `#!/bin/sh
# Once at the container's start, before anything else.
export PATH=/sbin:/bin:/usr/sbin:/usr/bin
umask 022
mount -t tmpfs -o mode=755,nosuid,nodev,size=4m run /run 2>/dev/null
ip link set lo up 2>/dev/null
[ "$(hostname)" = "(none)" ] && [ -s /etc/hostname ] && hostname -F /etc/hostname
# Extra programs of this container's owner.
for script in /etc/init.d/S[0-9]*; do
  [ -x "$script" ] && "$script" start
done
exit 0
`;

const rcK = `#!/bin/sh
# Once at the container's end, while everything still runs.
export PATH=/sbin:/bin:/usr/sbin:/usr/bin
for script in /etc/init.d/S[0-9]*; do
  [ -x "$script" ] && "$script" stop
done
exit 0
`;

// httpd calls this for "/" when there is no index.html, so a page put there takes its place.
const indexCgi = `#!/bin/sh
name=$(hostname)
printf 'Content-Type: text/html; charset=utf-8\\r\\nCache-Control: no-store\\r\\n\\r\\n'
cat <<PAGE
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>$name</title></head>
<body>
<h1>$name</h1>
<p>This container runs; it has $(ls -d /proc/[0-9]* | wc -l) processes.</p>
<p>Put your own <code>/srv/www/index.html</code> in its place.</p>
</body></html>
PAGE
`;

// The applets ask the kernel by sysinfo(2), which knows no container; these read what the container is told of itself.
const free = `#!/bin/sh
case "\${1:--k}" in
-b) unit=1 ;;
-k) unit=1024 ;;
-m) unit=1048576 ;;
-g) unit=1073741824 ;;
*)
  echo 'usage: free [-b|-k|-m|-g]' >&2
  exit 1
  ;;
esac
exec awk -v unit="$unit" '
  { kib[$1] = $2 }
  function in_units(count) { return int(count * 1024 / unit) }
  END {
    cache = kib["Buffers:"] + kib["Cached:"] + kib["SReclaimable:"]
    used = kib["MemTotal:"] - kib["MemFree:"] - cache
    if (used < 0) used = kib["MemTotal:"] - kib["MemFree:"]
    printf "%19s%12s%12s%12s%12s%12s\\n", "total", "used", "free", "shared", "buff/cache", "available"
    printf "Mem:   %12d%12d%12d%12d%12d%12d\\n", in_units(kib["MemTotal:"]), in_units(used), in_units(kib["MemFree:"]), in_units(kib["Shmem:"]), in_units(cache), in_units(kib["MemAvailable:"])
    printf "Swap:  %12d%12d%12d\\n", in_units(kib["SwapTotal:"]), in_units(kib["SwapTotal:"] - kib["SwapFree:"]), in_units(kib["SwapFree:"])
  }' /proc/meminfo
`;

const uptime = `#!/bin/sh
read -r up _ </proc/uptime
read -r one five fifteen _ </proc/loadavg
minutes=$((\${up%.*} / 60))
days=$((minutes / 1440))
[ "$days" -gt 0 ] && days="$days days, " || days=
printf ' %s up %s%d:%02d,  load average: %s, %s, %s\\n' "$(date +%T)" "$days" \\
  $((minutes / 60 % 24)) $((minutes % 60)) "$one" "$five" "$fifteen"
`;

// This shell prefers its applets to programs of their names; aliases come before both.
const profile = `export PATH=/sbin:/bin:/usr/sbin:/usr/bin
export PS1='\\u@\\h:\\w\\$ '
alias free=/usr/bin/free uptime=/usr/bin/uptime
`;

const udhcpcScript = `#!/bin/sh
# Called by udhcpc with what the DHCP server granted.
[ -n "$1" ] || exit 1
case "$1" in
deconfig)
  ip addr flush dev "$interface"
  ip link set "$interface" up
  ;;
bound | renew)
  ip addr replace "$ip/\${mask:-24}" dev "$interface"
  for gateway in $router; do
    ip route replace default via "$gateway" dev "$interface"
    break
  done
  : >/etc/resolv.conf.new
  [ -n "$domain" ] && echo "search $domain" >>/etc/resolv.conf.new
  for server in $dns; do
    echo "nameserver $server" >>/etc/resolv.conf.new
  done
  mv /etc/resolv.conf.new /etc/resolv.conf
  ;;
esac
`;

/** Text files with their modes; `VERSION` stands for busybox's own version. */
export const BUSYBOX_FILES: readonly (readonly [path: string, mode: number, text: string])[] = [
  ['etc/inittab', 0o644, inittab],
  ['etc/init.d/rcS', 0o755, rcS],
  ['etc/init.d/rcK', 0o755, rcK],
  [
    'etc/passwd',
    0o644,
    'root:x:0:0:root:/root:/bin/sh\n' +
      'daemon:x:1:1:daemon:/:/bin/false\n' +
      'www-data:x:33:33:www-data:/srv/www:/bin/false\n' +
      'nobody:x:65534:65534:nobody:/:/bin/false\n',
  ],
  [
    'etc/shadow',
    0o600,
    'root:*:19000::::::\ndaemon:*:19000::::::\nwww-data:*:19000::::::\nnobody:*:19000::::::\n',
  ],
  [
    'etc/group',
    0o644,
    'root:x:0:\ndaemon:x:1:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nwww-data:x:33:\nutmp:x:43:\nstaff:x:50:\n' +
      'users:x:100:\nnogroup:x:65534:\n',
  ],
  ['etc/hostname', 0o644, 'busybox\n'],
  ['etc/hosts', 0o644, '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'],
  ['etc/resolv.conf', 0o644, '# Written when the container starts.\n'],
  ['etc/fstab', 0o644, '# Nothing to mount: the host does it.\n'],
  ['etc/profile', 0o644, profile],
  ['etc/shells', 0o644, '/bin/sh\n/bin/ash\n'],
  ['etc/httpd.conf', 0o644, 'H:/srv/www\n'],
  [
    'etc/os-release',
    0o644,
    'ID=busybox\nNAME=BusyBox\nVERSION_ID=VERSION\nPRETTY_NAME="BusyBox VERSION"\nHOME_URL="https://busybox.net/"\n',
  ],
  ['srv/www/cgi-bin/index.cgi', 0o755, indexCgi],
  ['usr/bin/free', 0o755, free],
  ['usr/bin/uptime', 0o755, uptime],
  ['usr/share/udhcpc/default.script', 0o755, udhcpcScript],
];
