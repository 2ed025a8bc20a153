// The program that enters a container: perl, which every Debian has, can do what neither Node nor util-linux can.
// SPDX-License-Identifier: Apache-2.0
import { accounts, asRoot, atInit, besideMonitor, request } from './perl.js';

// Two processes. The first one joins the namespaces, but for that of pids, which holds only for its children: it is never
// visible inside. Its child is born there, already with the container's ids, on a memory that belongs to the host's user
// namespace and may not be dumped: nobody in the container may trace it or read what it holds, until it runs its program.
/** The program's source, which `attach` runs in a process of its own. */
export const program = String.raw`${request(['argv', 'env', 'groups', 'keepers', 'filter', 'softs', 'given', 'account', 'folder'])}
${asRoot}
my @argv = unpack '(N/a*)*', $argv;

# What the host tells of the container.
refuse_dumps();
${atInit}
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
${besideMonitor}my @groups;
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
join_user($user->[1]);
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
# Who the program is, by the container's own lists: what they say reaches nothing but the numbers below.
${accounts}
my $home = '/';
sub groups_of {
  my ($name) = @_;
  my @more = grep { is_id($_->[2]) && grep $_ eq $name, split /,/, $_->[3] // '' } records('/etc/group');
  map $_->[2] + 0, @more[0 .. ($#more < 65535 ? $#more : 65535)];
}
if ($account eq '') {
  # Root needs none to be root.
  my @ids = groups_of('root');
  my $ids = pack 'L*', @ids;
  call('setgroups', scalar @ids, $ids) if @ids;
} else {
  my ($name, undef, $uid, $gid, undef, $own_home, $own_shell) = account_of($account);
  $home = $own_home if defined $own_home && $own_home =~ m{^/};
  my @ids = groups_of($name);
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
  $ENV{SHELL} = $own_shell if defined $own_shell && $own_shell =~ m{^/};
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
