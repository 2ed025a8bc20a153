// The program that enters a container: perl, which every Debian has, can do what neither Node nor util-linux can.
// SPDX-License-Identifier: Apache-2.0

// Two processes. The first one joins the namespaces, but for that of pids, which holds only for its children: it is never
// visible inside. Its child is born there, already with the container's ids, on a memory that belongs to the host's user
// namespace and may not be dumped: nobody in the container may trace it or read what it holds, until it runs its program.
//
// Once the mount namespace is joined a file that perl would load would be the container's: no module is used.
/** The program's source, which `attach` runs in a process of its own. */
export const program = String.raw`
my ($calls, $facts, $argv, $env, $groups, $keepers, $filter, $softs, $given, $account, $folder) =
  do { local $/; open my $in, '<&=', 4; unpack '(N/a*)*', <$in> };
my %call = unpack '(N/a*)*', $calls;
my %is = unpack '(N/a*)*', $facts;
# To syscall a number is a number, and anything else a place in memory.
$_ += 0 for values %call, values %is;
my @argv = unpack '(N/a*)*', $argv;
open my $told, '>&=', 5;

sub fail { syswrite $told, join ' ', $! + 0, @_; exit 125 }
sub call { my $name = shift; syscall $call{$name}, @_ }
sub must { my $what = shift; my $got = &call; fail($what) if $got < 0; $got }
sub text { open my $in, '<', $_[0] or return ''; local $/; <$in> // '' }
sub refuse_dumps { must('dumpable', 'prctl', 4, 0, 0, 0, 0) }

# What the host tells of the container. The folder stands for this process for good, whoever has its pid next.
refuse_dumps();
chdir "/proc/$is{init}" or fail('gone');
my (undef, $stat) = split /.*\) /s, text('stat');
$! = 3;
fail('gone') if (split / /, $stat)[19] != $is{ticks};
my $status = text('status');
my ($bounding) = $status =~ /^CapBnd:\s*(\w+)/m;
my ($no_new) = $status =~ /^NoNewPrivs:\s*(\d)/m;
my $personality = hex text('personality');
my $attributes = -e '/proc/self/attr/apparmor/current' ? 'attr/apparmor/current' : 'attr/current';
my ($label) = $is{apparmor} ? text($attributes) =~ /^(.*?)(?: \(\w+\))?\n?$/ : ();
my ($owner) = text('uid_map') =~ /^\s*0\s+(\d+)/m;
my ($owning) = text('gid_map') =~ /^\s*0\s+(\d+)/m;
my $last = text('/proc/sys/kernel/cap_last_cap');
my @namespaces;
for my $kind (qw(user cgroup ipc uts net mnt time pid)) {
  open my $there, '<', "ns/$kind" or next;
  my $is_own = (stat $there)[1] == (stat "/proc/self/ns/$kind")[1];
  $! = 1;
  fail("own $kind namespace") if $is_own && $kind =~ /user|mnt|pid/;
  push @namespaces, [$kind, $there] unless $is_own;
}
opendir my $proc, '/proc' or fail('/proc');

umask 022;

# What a program inside has by its birth. The first process waits beside the container's monitor, so that neither its
# memory nor its own groups are the container's affair.
for my $folder (unpack '(N/a*)*', $keepers) {
  sysopen my $group, "$folder/cgroup.procs", 1 or next;
  syswrite $group, '0' or fail("group $folder");
}
my @groups;
for my $folder (unpack '(N/a*)*', $groups) {
  next unless -e "$folder/cgroup.procs";
  # In the second version a group that has others below may hold no processes.
  my $leaf = "$folder/.lxc";
  my $is_second = -e "$folder/cgroup.subtree_control";
  mkdir $leaf if $is_second;
  my @ways;
  for my $way ($is_second ? ($leaf, $folder) : $folder) {
    sysopen my $group, "$way/cgroup.procs", 1 or next;
    push @ways, $group;
  }
  push @groups, [$folder, @ways];
}
my @softs = unpack 'Q<*', $softs;
for my $limit (0 .. $#softs) {
  my ($theirs, $ours) = ("\0" x 16, "\0" x 16);
  must('limits', 'prlimit64', $is{init}, $limit, 0, $theirs);
  must('limits', 'prlimit64', 0, $limit, 0, $ours);
  my ($soft, $hard) = ($softs[$limit], unpack 'x8Q', $theirs);
  my $own = unpack 'x8Q', $ours;
  $hard = $own if $own < $hard;
  $soft = $hard if $hard < $soft;
  my $both = pack 'QQ', $soft, $hard;
  must('limits', 'prlimit64', 0, $limit, $both, 0);
}
setpriority 0, 0, getpriority 0, $is{init};
if (open my $score, '>', '/proc/self/oom_score_adj') { print $score text('oom_score_adj') }
call('keyctl', 1, 0);
chown $owner, $owning, *STDIN, *STDOUT, *STDERR unless $is{rows};

# Into the container, its ids first.
my $user = shift @namespaces;
must('join user', 'setns', fileno $user->[1], 0);
must('groups', 'setgroups', 0, 0);
must('group', 'setresgid', 0, 0, 0);
must('user', 'setresuid', 0, 0, 0);
refuse_dumps();
must("join $_->[0]", 'setns', fileno $_->[1], 0) for @namespaces;

# A terminal of the container's own; whatever lies there instead can keep nobody waiting but this session.
my ($master, $slave);
if ($is{rows}) {
  sysopen $master, '/dev/pts/ptmx', $is{ptmx} or fail('terminal');
  my $kind = "\0" x 120;
  must('terminal', 'fstatfs', fileno $master, $kind);
  $! = 20;
  fail('terminal') if unpack('q', $kind) != 0x1cd1 || (stat $master)[6] != 0x502;
  ioctl $master, 0x40045431, my $unlocked = pack 'i', 0 or fail('terminal');
  ioctl $master, 0x5414, my $size = pack 'S4', $is{rows}, $is{columns}, 0, 0 or fail('terminal');
  $slave = ioctl $master, 0x5441, 0x102 or fail('terminal');
  my $byte = 't';
  my $data = pack 'PQ', $byte, 1;
  my $rights = pack 'Qi4', 20, 1, 1, fileno $master, 0;
  my $message = pack 'QQPQPQQ', 0, 0, $data, 1, $rights, 24, 0;
  must('terminal', 'sendmsg', 6, $message, 0);
}

pipe my $ready, my $go;
my $child;
# What this one is sent is meant for all that its child has begun in its session.
my @passed = qw(HUP INT QUIT TERM USR1 USR2);
for my $kind (@passed) { $SIG{$kind} = sub { kill $kind, -$child if $child } }
$SIG{ALRM} = sub { kill 'KILL', -$child, $child if $child };
$0 = $argv[0];
defined($child = fork) or fail('fork');
if ($child) {
  $0 = 'ctvirt-attach';
  for (@groups) {
    my ($folder, @ways) = @$_;
    my $is_in;
    for my $way (@ways) { last if $is_in = syswrite $way, $child }
    next if $is_in;
    my $errno = $!;
    kill 'KILL', $child;
    $! = $errno;
    fail("group $folder");
  }
  # The session ends with the daemon; a change of ids, which is done by now, would have taken this away.
  must('parent', 'prctl', 1, 14, 0, 0, 0);
  kill 'KILL', -$child, $child if getppid != $is{daemon};
  syswrite $go, 'g';
  call('close_range', 0, 0xffffffff, 0);
  waitpid $child, 0;
  exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
}

$SIG{$_} = 'DEFAULT' for @passed, 'ALRM';
must('parent', 'prctl', 1, 9, 0, 0, 0);
close $go;
sysread $ready, my $gone, 1 or exit 125;
call('keyctl', 1, 0);
must('personality', 'personality', $personality) if $personality;
for my $capability (0 .. $last) {
  must('capabilities', 'prctl', 24, $capability, 0, 0, 0) unless hex($bounding) >> $capability & 1;
}
must('no_new_privs', 'prctl', 38, 1, 0, 0, 0) if $no_new;
if (defined $label && $label ne '' && $label ne 'unconfined') {
  chdir $proc or fail('AppArmor');
  open my $own, '>', "self/$attributes" or fail('AppArmor');
  syswrite $own, "changeprofile $label" or fail('AppArmor');
}
chdir '/' or fail('folder');
must('session', 'setsid');
if ($slave) {
  must('terminal', 'dup3', $slave, $_, 0) for 0 .. 2;
  ioctl STDIN, 0x540e, 0 or fail('terminal');
}
%ENV = unpack '(N/a*)*', $env;

must('descriptors', 'close_range', 3, 0xffffffff, 4);
if ($filter ne '') {
  my $rules = pack 'SxxxxxxP', length($filter) / 8, $filter;
  must('seccomp', 'seccomp', 1, 0, $rules);
}

# Only root may put a filter on: by now it is there, and lets through what any container does.
# Who the program is, by the container's own lists: they are read in here, with the rights of whoever wrote them, and no further
# than a list is long. What they say reaches nothing but the numbers below.
sub records {
  sysopen my $list, $_[0], 04400 or return;
  my $text = '';
  while (-f $list && length $text <= 1 << 20 && sysread $list, $text, 1 << 16, length $text) {}
  $! = 27;
  return if !-f $list || length $text > 1 << 20;
  $! = 0;
  map [split /:/, $_, -1], split /\n/, $text;
}
# The highest number stands for no change at all, and of higher ones the kernel sees the lower half.
sub is_id { defined $_[0] && $_[0] =~ /^\d{1,10}$/ && $_[0] < 4294967295 }
my $home = '/';
if ($account ne '') {
  my @all = grep is_id($_->[2]) && is_id($_->[3]), records('/etc/passwd');
  fail('accounts') if !@all && $! && $! != 2;
  my ($found) = grep $_->[0] eq $account, @all;
  ($found) = grep $_->[2] == $account, @all if !$found && is_id($account);
  $found = [$account, '', $account, $account, '', '/', ''] if !$found && is_id($account);
  $! = 2;
  fail('account') if !$found;
  my ($name, undef, $uid, $gid) = @$found;
  $_ += 0 for $uid, $gid;
  $home = $found->[5] if defined $found->[5] && $found->[5] =~ m{^/};
  my @more = grep { is_id($_->[2]) && grep $_ eq $name, split /,/, $_->[3] // '' } records('/etc/group');
  my @ids = map $_->[2] + 0, @more[0 .. ($#more < 65535 ? $#more : 65535)];
  if ($slave) { chown $uid, -1, *STDIN } else { chown $uid, $gid, *STDIN, *STDOUT, *STDERR }
  my $ids = pack 'L*', @ids;
  must('account ids', 'setgroups', scalar @ids, $ids);
  must('account ids', 'setresgid', $gid, $gid, $gid);
  must('account ids', 'setresuid', $uid, $uid, $uid);
  # A change of ids takes both away; the first process is in no namespace of this one's, unless it has ended.
  must('parent', 'prctl', 1, 9, 0, 0, 0);
  exit 125 if getppid;
  refuse_dumps();
  @ENV{qw(USER LOGNAME HOME)} = ($name, $name, $home);
  $ENV{SHELL} = $found->[6] if defined $found->[6] && $found->[6] =~ m{^/};
}
my $there = $folder ne '' ? $folder : $account ne '' ? $home : '/';
unless (chdir $there) {
  fail('program folder') if $folder ne '';
  $there = '/';
}
$ENV{PWD} = $there;
# Of a locale that is not there perl and others complain at each start.
$ENV{LANG} //= 'C.UTF-8' if grep -d, '/usr/lib/locale/C.utf8', '/usr/lib/locale/C.UTF-8';
%ENV = (%ENV, unpack '(N/a*)*', $given);
syswrite $told, 'ok';
close $told;
exec { $argv[0] } @argv;
my $errno = $! + 0;
print STDERR "ctvirt: cannot run '$argv[0]': $!\n";
exit($errno == 2 ? 127 : 126);
`;
