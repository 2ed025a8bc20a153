// What the programs in perl that enter a container have in common: their request, the container they enter, its lists of users.
// SPDX-License-Identifier: Apache-2.0

// Once the mount namespace is joined a file that perl would load would be the container's: no module is used.
/** Reads the request, whose parts are called so, after the numbers of calls and the facts. */
export const request = (parts: readonly string[]): string => `
my ($calls, $facts, ${parts.map((name) => `$${name}`).join(', ')}) =
  do { local $/; open my $in, '<&=', 4; unpack '(N/a*)*', <$in> };
my %call = unpack '(N/a*)*', $calls;
my %is = unpack '(N/a*)*', $facts;
# To syscall a number is a number, and anything else a place in memory.
$_ += 0 for values %call, values %is;
open my $told, '>&=', 5;

sub fail { syswrite $told, join ' ', $! + 0, @_; exit 125 }
sub call { my $name = shift; syscall $call{$name}, @_ }
sub must { my $what = shift; my $got = &call; fail($what) if $got < 0; $got }
sub text { open my $in, '<', $_[0] or return ''; local $/; <$in> // '' }
sub refuse_dumps { must('dumpable', 'prctl', 4, 0, 0, 0, 0) }
`;

/** The folder of init stands for this process for good, whoever has its pid next. */
export const atInit = String.raw`
chdir "/proc/$is{init}" or fail('gone');
my (undef, $stat) = split /.*\) /s, text('stat');
$! = 3;
fail('gone') if (split / /, $stat)[19] != $is{ticks};
`;

/** What a process is beside the monitor is not counted as the container's. */
export const besideMonitor = `
for my $folder (unpack '(N/a*)*', $keepers) {
  sysopen my $group, "$folder/cgroup.procs", 1 or next;
  syswrite $group, '0' or fail("group $folder");
}
`;

/** Takes the ids of the container's root with its user namespace. */
export const asRoot = `
sub join_user {
  must('join user', 'setns', fileno $_[0], 0);
  must('groups', 'setgroups', 0, 0);
  must('group', 'setresgid', 0, 0, 0);
  must('user', 'setresuid', 0, 0, 0);
  refuse_dumps();
}
`;

// Once it is inside: they are read with the rights of whoever wrote them, and no further than a list is long.
/** Who somebody is by the container's own lists. */
export const accounts = String.raw`
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
# A line of /etc/passwd, or as one of it would be.
sub account_of {
  my ($wanted) = @_;
  my @all = grep is_id($_->[2]) && is_id($_->[3]), records('/etc/passwd');
  fail('accounts') if !@all && $! && $! != 2;
  my ($found) = grep $_->[0] eq $wanted, @all;
  ($found) = grep $_->[2] == $wanted, @all if !$found && is_id($wanted);
  $found = [$wanted, '', $wanted, $wanted, '', '/', ''] if !$found && is_id($wanted);
  $! = 2;
  fail('account') if !$found;
  $_ += 0 for @$found[2, 3];
  @$found;
}
`;
