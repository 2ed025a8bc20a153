// The program that puts files into a container's tree and takes them out, with the rights of its root and in its own mounts.
// SPDX-License-Identifier: Apache-2.0
import { accounts, asRoot, atInit, besideMonitor, request } from './perl.js';

// It is in neither the container's pid namespace nor its groups: nobody in there sees it. All paths are the container's: a link can
// lead nowhere else. Below the path that was asked for no link is followed at all, whoever changes the tree meanwhile: each folder
// is opened by its name in the one before, and what is done is done to names in the folder this process is in.
/** The program's source, which `transfer` runs in a process of its own. */
export const transferProgram = String.raw`${request(['keepers', 'root', 'path', 'name', 'owner'])}
${asRoot}
${accounts}
umask 077;
refuse_dumps();
my ($user, $mounts);
if ($is{init}) {
${atInit}
${besideMonitor}
  open $user, '<', 'ns/user' or fail('user namespace');
  open $mounts, '<', 'ns/mnt' or fail('mount namespace');
} else {
  open $user, '<&=', 6 or fail('user namespace');
  chdir $root or fail('root');
  chroot '.' or fail('root');
}
join_user($user);
must('join mnt', 'setns', fileno $mounts, 0) if $mounts;
# A change of ids takes it away.
must('parent', 'prctl', 1, 14, 0, 0, 0);
exit 125 if getppid != $is{daemon};
chdir '/' or fail('root');
$0 = 'ctvirt-transfer';

# Of a size that a processor keeps at hand.
my $CHUNK = 1 << 17;
# No more is read of a file that has no size: it need not have an end.
my $UNSIZED = 1 << 24;
# A container may make any number of holes, of which an archive tells before the bytes.
my $MOST_STRETCHES = 20_000;
my $made;
my $is_whole = 1;
sub leave { unlink $made if defined $made; exit $_[0] }
sub stop { print STDERR "$_[0]\n"; leave(1) }
# Something is left out, and all else goes on.
sub remark { print STDERR "$_[0]\n"; $is_whole = 0 }
$SIG{$_} = sub { leave(1) } for qw(HUP INT QUIT TERM ALRM PIPE);
sub begin { syswrite $told, 'ok'; close $told }

# The bytes of one file may come from or go to another place than the streams.
my $lent;
open $lent, $is{push} ? '<&=' : '>&=', 7 or fail('lent file') if $is{lent};
# Where the daemon says that all has come.
my $whole;
open $whole, '<&=', 8 or fail('end of the input') if $is{file} && !$is{lent};

# Where there are bytes in a file, up to a size: the rest is holes. What is called ends it by what is not true.
sub each_stretch {
  my ($in, $at, $size, $do) = @_;
  while ($at < $size) {
    my $from = sysseek $in, $at, 3;
    last if !defined $from && $! == 6;
    $from = $at if !defined $from || $from < $at;
    last if $from >= $size;
    my $to = sysseek $in, $from, 4;
    $to = $size if !defined $to || $to > $size || $to <= $from;
    $do->($from + 0, $to - $from) or last;
    $at = $to;
  }
}
sub stretches {
  my ($in, $size) = @_;
  my @all;
  each_stretch($in, 0, $size, sub { push @all, [@_]; @all <= $MOST_STRETCHES });
  @all;
}

# Out: an archive in GNU tar's form.
sub put_to {
  my $to = shift;
  for (my $at = 0; $at < length $_[0];) {
    my $written = syswrite $to, $_[0], length($_[0]) - $at, $at;
    stop("it cannot be written: $!") unless defined $written;
    $at += $written;
  }
}
sub put { put_to(*STDOUT, $_[0]) }
# Nothing, or how many bytes there were not, and why.
sub copy {
  my ($in, $to, $left) = @_;
  my $buffer;
  while ($left > 0) {
    my $read = sysread $in, $buffer, $left < $CHUNK ? $left : $CHUNK;
    return ($left, defined $read ? 'it became shorter while it was read' : "$!") unless $read;
    put_to($to, $buffer);
    $left -= $read;
  }
  return;
}
# In eight's digits, or where these are too few in bytes.
sub number {
  my ($value, $width) = @_;
  my $digits = sprintf '%0*o', $width - 1, $value;
  return "$digits\0" if $value >= 0 && length $digits < $width;
  my $bytes = ($value < 0 ? "\xff" : "\0") x ($width - 8) . pack 'q>', $value;
  chr(ord($bytes) | 0x80) . substr $bytes, 1;
}
sub block {
  my ($type, $name, $link, $mode, $uid, $gid, $size, $mtime, $rest) = @_;
  my $block = pack 'a100 a8 a8 a8 a12 a12 a8 a1 a100 a8 a247', $name, number($mode, 8), number($uid, 8), number($gid, 8),
    number($size, 12), number($mtime, 12), ' ' x 8, $type, $link, "ustar  \0", $rest // '';
  substr $block, 148, 8, sprintf "%06o\0 ", unpack '%32C*', $block;
  $block;
}
sub padding { "\0" x (-$_[0] % 512) }
sub member {
  my ($type, $name, $link, $stat, $size, $rest) = @_;
  for (['L', $name], ['K', $link]) {
    my ($long, $text) = @$_;
    next if length $text <= 100;
    $text .= "\0";
    put(block($long, '././@LongLink', '', 0, 0, 0, length $text, 0) . $text . padding(length $text));
  }
  # What is set-uid here is not to be that elsewhere.
  put(block($type, substr($name, 0, 100), substr($link, 0, 100), $stat->[2] & 01777, @$stat[4, 5], $size, $stat->[9], $rest));
}
# A file with holes, in GNU's own form: four stretches in its head, 21 in each block after it.
sub sparse_member {
  my ($shown, $stat, $size, $stored, @stretches) = @_;
  push @stretches, [$size, 0] if !@stretches || $stretches[-1][0] + $stretches[-1][1] < $size;
  my $next = sub { join '', map number($_->[0], 12) . number($_->[1], 12), splice @stretches, 0, $_[0] };
  my $first = $next->(4);
  member('S', $shown, '', $stat, $stored, pack 'x121 a96 C a12', $first, @stretches ? 1 : 0, number($size, 12));
  while (@stretches) {
    my $more = $next->(21);
    put(pack 'a504 C x7', $more, @stretches ? 1 : 0);
  }
}
my %seen;
my $is_tree;
sub put_file {
  my ($in, $shown) = @_;
  my @stat = stat $in;
  return remark("$shown is left out: it is no file any more") unless -f _;
  if ($stat[3] > 1) {
    my $key = "$stat[0] $stat[1]";
    return member('1', $shown, $seen{$key}, \@stat, 0) if defined $seen{$key};
    # A container may have any number of them.
    $seen{$key} = $shown if keys %seen < 100_000;
  }
  return put_small($in, $shown, \@stat) if $stat[7] < $CHUNK;
  if ($lent) {
    member('0', $shown, '', \@stat, $stat[7]);
    each_stretch($in, 0, $stat[7], sub { sysseek $in, $_[0], 0; sysseek $lent, $_[0], 0; put_bytes($in, $shown, $_[1]); 1 });
    truncate $lent, $stat[7] or stop("it cannot be written: $!");
    return;
  }
  # Who asks for one file has it byte by byte.
  my @stretches = $is_tree ? stretches($in, $stat[7]) : [0, $stat[7]];
  return remark("$shown is left out: it has very many holes, and has to be pulled by itself") if @stretches > $MOST_STRETCHES;
  my $stored = 0;
  $stored += $_->[1] for @stretches;
  if ($stored < $stat[7]) { sparse_member($shown, \@stat, $stat[7], $stored, @stretches) }
  else { member('0', $shown, '', \@stat, $stored) }
  for (@stretches) {
    sysseek $in, $_->[0], 0;
    put_bytes($in, $shown, $_->[1]);
  }
  put(padding($stored));
}
# What is told of its size is what was read: the kernel's own files have none, or another one.
sub put_small {
  my ($in, $shown, $stat) = @_;
  my $most = $stat->[7] ? $CHUNK : $UNSIZED;
  my $content = '';
  while (length $content < $most) {
    my $read = sysread $in, $content, $most - length $content, length $content;
    remark("$shown: $!") unless defined $read;
    last unless $read;
  }
  remark("$shown is cut off: it has no size, and more than 16 MiB") if length $content == $UNSIZED;
  member('0', $shown, '', $stat, length $content);
  put_to($lent // *STDOUT, $content);
  put(padding(length $content)) unless $lent;
}
sub put_bytes {
  my ($in, $shown, $size) = @_;
  my $to = $lent // *STDOUT;
  my ($left, $why) = copy($in, $to, $size) or return;
  remark("$shown: $why");
  my $buffer = "\0" x $CHUNK;
  for (; $left > 0; $left -= $CHUNK) { put_to($to, $left < $CHUNK ? substr $buffer, 0, $left : $buffer) }
}
my %kernels;
sub put_folder {
  my ($folder, $shown) = @_;
  my @own = stat $folder;
  member('5', "$shown/", '', \@own, 0);
  chdir $folder or return remark("$shown: $!");
  opendir my $names, '.' or return remark("$shown: $!");
  while (defined(my $name = readdir $names)) {
    next if $name eq '.' || $name eq '..';
    my $path = "$shown/$name";
    my @stat = lstat $name or next;
    my $kind = $stat[2] & 0170000;
    if ($kind == 0120000) {
      my $target = readlink $name;
      defined $target ? member('2', $path, $target, \@stat, 0) : remark("$path: $!");
    } elsif ($kind == 0100000) {
      sysopen my $in, $name, $is{look} or remark("$path: $!"), next;
      put_file($in, $path);
    } elsif ($kind == 0040000) {
      if ($stat[0] != $own[0] && $kernels{$stat[0]}) { member('5', "$path/", '', \@stat, 0); next }
      sysopen my $below, $name, $is{folder} or remark("$path: $!"), next;
      put_folder($below, $path);
      chdir $folder or stop("$shown: $!");
    } else {
      remark("$path is left out: it is no file, folder or link");
    }
  }
}
sub pull {
  # The path itself may be a link, as with cp.
  sysopen my $top, $path, $is{follow} or fail('path');
  my $is_folder = -d $top;
  $! = 22;
  fail('kind') unless -f _ || $is_folder && !$lent;
  begin();
  # Of the kernel's own file systems there are no files to be had.
  for ('/proc', '/sys', '/dev') { my @stat = stat $_; $kernels{$stat[0]} = 1 if @stat }
  $is_tree = $is_folder;
  $is_folder ? put_folder($top, '.') : put_file($top, $name);
  put("\0" x 1024) unless $lent;
}

# In: one file, or an archive.
my $buffer = '';
my $from = $lent // *STDIN;
sub fill {
  my $read = sysread $from, $buffer, $CHUNK, length $buffer;
  stop("the input: $!") unless defined $read;
  $read;
}
sub take {
  my ($want) = @_;
  while (length $buffer < $want) { fill() or return }
  substr $buffer, 0, $want, '';
}
# Hands so many bytes on, or all that come.
sub pass {
  my ($size, $to) = @_;
  for (my $left = $size; !defined $left || $left > 0;) {
    if ($buffer eq '') { fill() or (defined $size ? stop('the archive ends amid a file') : last) }
    my $part = defined $left && $left < length $buffer ? $left : length $buffer;
    if ($to) {
      $part = syswrite $to, $buffer, $part;
      stop("it cannot be written: $!") unless defined $part;
    }
    substr $buffer, 0, $part, '';
    $left -= $part if defined $left;
  }
}
my @owner;
sub settle {
  my ($shown, $to, $mode, $uid, $gid, $mtime) = @_;
  ($uid, $gid) = @owner if @owner;
  # Set-uid goes with an owner that cannot be had.
  chown $uid, $gid, $to or remark("$shown: the owner $uid:$gid: $!"), $mode &= 0777;
  chmod $mode & 07777, $to;
  utime $mtime, $mtime, $to if defined $mtime;
}
sub a_name { sprintf '.ctvirt-%08x%08x', rand(1 << 32), rand(1 << 32) }
# Whole or not at all, in the place of whatever file or link is there.
sub take_file {
  my ($shown, $name, $fill, @has) = @_;
  my $temporary = a_name();
  sysopen my $out, $temporary, $is{make}, 0600 or stop("$shown: $!");
  $made = $temporary;
  $fill->($out);
  settle($shown, $out, @has);
  close $out or stop("$shown: $!");
  if (!rename $temporary, $name) { remark("$shown: $!"); unlink $temporary }
  undef $made;
}
# All that comes, or of a lent file all but its holes.
sub fill_one {
  my ($out) = @_;
  if (!$lent) {
    pass(undef, $out);
    # Pipes of a daemon that is killed end, too: that is no end of a file.
    leave(1) unless sysread $whole, my $said, 1;
    return;
  }
  my $size = -s $lent;
  each_stretch($lent, 0, $size, sub {
    my ($from, $length) = @_;
    sysseek $lent, $from, 0;
    sysseek $out, $from, 0;
    my (undef, $why) = copy($lent, $out, $length);
    stop("the input: $why") if defined $why;
    1;
  });
  truncate $out, $size or stop("it cannot be written: $!");
}
sub folder_here {
  my ($name) = @_;
  my $folder;
  return $folder if sysopen $folder, $name, $is{folder};
  return if $! != 2;
  mkdir $name, 0700 or return;
  sysopen $folder, $name, $is{folder} or return;
  chown @owner[0, 1], $folder if @owner;
  chmod 0755, $folder;
  $folder;
}
my ($top, $last, $last_path);
# Goes to a folder below the top by its names.
sub go {
  my @names = @_;
  my $wanted = join '/', @names;
  return chdir $last if defined $last_path && $last_path eq $wanted;
  chdir $top or return;
  my $here = $top;
  for (@names) { $here = folder_here($_) or return; chdir $here or return }
  ($last, $last_path) = ($here, $wanted);
  1;
}
sub value {
  my ($field) = @_;
  return oct $1 if $field =~ /^\s*([0-7]*)[\s\0]*$/;
  my $first = ord $field;
  damaged() unless $first & 0x80;
  substr $field, 0, 1, chr($first & 0x7f) unless $first == 0xff;
  unpack 'q>', substr $field, -8;
}
sub names_of {
  my @names = grep $_ ne '' && $_ ne '.', split m{/}, $_[0];
  return grep($_ eq '..', @names) ? undef : \@names;
}
sub damaged { stop('this is no archive of tar, or a damaged one') }
# Those of GNU's own form: four in the head, 21 in each block after it.
sub stretches_in {
  my ($head) = @_;
  my @all;
  my $read = sub {
    for my $entry (unpack '(a24)*', $_[0]) {
      my ($from, $length) = unpack 'a12 a12', $entry;
      push @all, [value($from), value($length)] unless $length =~ /^\0/;
    }
  };
  $read->(substr $head, 386, 96);
  my $more = ord substr $head, 482, 1;
  while ($more) {
    my $block = take(512) // damaged();
    $read->(substr $block, 0, 504);
    $more = ord substr $block, 504, 1;
    damaged() if @all > 1_000_000;
  }
  @all;
}
# Those of the form 1.0 of pax, which stand before the bytes; and how much of the file they take.
sub stretches_before {
  my ($size) = @_;
  my ($text, $taken) = ('', 0);
  my $number = sub {
    while ($text !~ /\n/) {
      damaged() if $taken >= $size;
      $text .= take(512) // damaged();
      $taken += 512;
    }
    $text =~ s/^(\d{1,18})\n// or damaged();
    $1 + 0;
  };
  my $count = $number->();
  damaged() if $count > 1_000_000;
  my @all = map [$number->(), $number->()], 1 .. $count;
  ($taken, @all);
}
sub take_sparse {
  my ($shown, $name, $found, @has) = @_;
  my ($size, $stored) = @$found{qw(full size)};
  my @stretches = @{$found->{stretches} // []};
  (my $taken, @stretches) = stretches_before($stored) unless $found->{stretches};
  $stored -= $taken // 0;
  my $end = 0;
  for (@stretches) {
    damaged() if $_->[0] < $end;
    $end = $_->[0] + $_->[1];
    $stored -= $_->[1];
  }
  damaged() if $end > $size || $stored;
  my $fill = sub {
    my ($out) = @_;
    for (@stretches) { sysseek $out, $_->[0], 0; pass($_->[1], $out) }
    truncate $out, $size or stop("it cannot be written: $!");
  };
  take_file($shown, $name, $fill, @has);
}
sub take_link {
  my ($shown, $name, $target, @has) = @_;
  my $temporary = a_name();
  symlink $target, $temporary or return remark("$shown: $!");
  my ($uid, $gid) = @owner ? @owner : @has[1, 2];
  call('fchownat', -100, $temporary, $uid, $gid, 0x100) == 0 or remark("$shown: the owner $uid:$gid: $!");
  rename $temporary, $name or remark("$shown: $!"), unlink $temporary;
}
sub take_hard_link {
  my ($shown, $folders, $name, $target) = @_;
  my $theirs = names_of($target);
  return remark("$shown is left out: it leads to '$target'") unless $theirs && @$theirs;
  my $theirs_name = pop @$theirs;
  go(@$theirs) or return remark("$target: $!");
  my $there = $last;
  go(@$folders) or return remark("$shown: $!");
  my $temporary = a_name();
  call('linkat', fileno $there, $theirs_name, -100, $temporary, 0) == 0 or return remark("$shown: $!");
  rename $temporary, $name or remark("$shown: $!");
  # Two names of one file are left both by a rename.
  unlink $temporary;
}
# What is put into a folder changes its time: it is set when all is there, of no more than fit into some memory.
my @timed;
my $MOST_TIMED = 100_000;
sub set_times {
  for (reverse @timed) {
    my ($names, $mtime) = @$_;
    utime $mtime, $mtime, $last if go(@$names);
  }
}
sub take_folder {
  my ($shown, $folders, $name, @has) = @_;
  my $folder;
  if (defined $name) {
    go(@$folders) or return remark("$shown: $!");
    $folder = folder_here($name) or return remark("$shown: $!");
  } else { $folder = $top }
  settle($shown, $folder, @has[0 .. 2]);
  push @timed, [[@$folders, $name // ()], $has[3]] if @timed < $MOST_TIMED;
}
# The long names and what else there is to know of the next member.
sub known {
  my ($type, $text, $next) = @_;
  $text =~ s/\0.*//s, $next->{$type eq 'L' ? 'path' : 'linkpath'} = $text, return if $type =~ /[LK]/;
  while ($text =~ s/^(\d+) //) {
    my $record = substr $text, 0, $1 - length("$1 "), '';
    $next->{$1} = $2 if $type eq 'x' && $record =~ /^([^=]+)=(.*)\n\z/s;
  }
}
sub take_archive {
  my %next;
  my $empty = 0;
  while ($empty < 2) {
    my $head = take(512);
    if (!defined $head) { last if $buffer eq ''; stop('the archive ends amid a head') }
    if ($head !~ /[^\0]/) { $empty++; next }
    $empty = 0;
    my ($name, $mode, $uid, $gid, $size, $mtime, $sum, $type, $link, $magic, $prefix) =
      unpack 'a100 a8 a8 a8 a12 a12 a8 a1 a100 a8 x80 a155', $head;
    my $counted = $head;
    substr $counted, 148, 8, ' ' x 8;
    damaged() if unpack('%32C*', $counted) != value($sum);
    s/\0.*//s for $name, $link, $prefix;
    $name = "$prefix/$name" if $magic =~ /^ustar\0/ && $prefix ne '';
    $size = value($size);
    if ($type =~ /[LKxg]/) {
      stop('the archive has a name that is too long') if $size > 1 << 20;
      my $text = take($size) // stop('the archive ends amid a name');
      take(-$size % 512) // stop('the archive ends amid a name');
      known($type, $text, \%next);
      next;
    }
    my %found = (path => $name, linkpath => $link, size => $size, uid => value($uid), gid => value($gid), mtime => value($mtime), %next);
    %next = ();
    if ($type eq 'S') { @found{qw(full stretches)} = (value(substr $head, 483, 12), [stretches_in($head)]) }
    elsif ("@found{'GNU.sparse.major', 'GNU.sparse.minor'}" eq '1 0') { @found{qw(path full)} = @found{'GNU.sparse.name', 'GNU.sparse.realsize'} }
    elsif (grep /^GNU\.sparse\./, keys %found) { $type = 'old' }
    take_member($type, value($mode), \%found);
  }
  set_times();
  remark('the archive has no end: there may have been more') unless $empty;
  1 while sysread STDIN, $buffer, $CHUNK;
}
sub take_member {
  my ($type, $mode, $found) = @_;
  my $shown = $found->{path};
  # Those of pax are texts, which a system call takes for places in memory.
  my @has = ($mode & 07777, map { int } @$found{qw(uid gid mtime)});
  my $names = names_of($shown);
  my $size = $type =~ /^[0\0 7So]/ ? $found->{size} : 0;
  if (!$names || (!@$names && $type ne '5')) {
    remark("$shown is left out: it would lie elsewhere");
  } elsif ($type eq '5') {
    take_folder($shown, $names, pop @$names, @has);
  } else {
    my $name = pop @$names;
    if ($type eq '1') { take_hard_link($shown, $names, $name, $found->{linkpath}) }
    elsif (!go(@$names)) { remark("$shown: $!") }
    elsif ($type eq '2') { take_link($shown, $name, $found->{linkpath}, @has) }
    elsif ($type =~ /^[0\0 7S]/) {
      if (defined $found->{full}) { take_sparse($shown, $name, $found, @has) }
      else { take_file($shown, $name, sub { pass($size, $_[0]) }, @has) }
      take(-$size % 512);
      return;
    }
    else { remark("$shown is left out: it is " . ($type eq 'old' ? 'sparse in an old form' : 'no file, folder or link')) }
  }
  pass($size) if $size;
  take(-$size % 512) // stop('the archive ends amid a file');
}
sub push_there {
  @owner = (account_of($owner))[2, 3] if $owner ne '';
  my ($folder, $base) = $path =~ m{^(.*/)([^/]*)$}s;
  if (chdir $path) {
    $! = 21;
    fail('path') if $is{file} && $name eq '';
    $base = $name;
  } else {
    fail('path') if $! != 2 && $! != 20 || $base eq '' || $is{inside} || !$is{file} && $! == 20;
    chdir $folder or fail('path');
  }
  if ($is{file}) {
    begin();
    take_file($path, $base, \&fill_one, @is{qw(mode uid gid)}, $is{timed} ? $is{mtime} : undef);
    return;
  }
  $top = $base eq '' ? undef : folder_here($base);
  sysopen $top, '.', $is{folder} or fail('path') if $base eq '';
  fail('path') unless $top;
  begin();
  take_archive();
}

$is{push} ? push_there() : pull();
exit !$is_whole;
`;
