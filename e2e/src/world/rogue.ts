// A container that lies on the wire: Perl as the host has it, in a folder a domain mounts, and what it says and hears there.
// SPDX-License-Identifier: Apache-2.0
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { output } from './command.js';

/** Each word is one thing to send; `own`, `near` and `host` are addresses of its own, of a neighbour and of the host. */
const program = String.raw`
my ($what, %o) = @ARGV;
$| = 1;
sub ip4 { pack 'C4', split /\./, shift }
sub ip6 {
  my ($head, $tail) = split /::/, shift, 2;
  my @head = split /:/, $head; my @tail = split /:/, $tail // '';
  return pack 'n8', map hex, @head, (0) x (8 - @head - @tail), @tail;
}
sub hear {
  for my $port (split /,/, $o{ports}) {
    next if fork;
    socket(my $s, 10, 2, 0) or die "socket: $!";
    bind($s, pack 'S n N a16 N', 10, $port, 0, "\0" x 16, 0) or die "bind: $!";
    open(my $file, '>>', $o{file}) or die "$o{file}: $!";
    select $file; $| = 1;
    print "ready $port\n";
    while (1) {
      my $from = recv($s, my $text, 99, 0);
      my $bytes = (unpack 'S n N a16', $from)[3];
      print join(':', map { sprintf '%x', $_ } unpack 'n8', $bytes), " $port $text\n";
    }
  }
  sleep 1 while 1;
}
hear() if $what eq 'hear';

my $dev = $o{dev} // 'eth0';
socket(my $wire, 17, 3, 0x0300) or die "packet socket: $!";
my $index = pack 'a16 x24', $dev;
select undef, undef, undef, 0.001 until ioctl $wire, 0x8933, $index;
$index = (unpack 'a16 i', $index)[1];
my $hardware = pack 'a16 x24', $dev;
ioctl $wire, 0x8927, $hardware;
my $mac = (unpack 'a16 S a6', $hardware)[2];
my $foreign = "\x02\xba\xad\0\0\1";
my $all = "\xff" x 6;
my $peer = exists $o{peer} ? pack 'H12', $o{peer} =~ s/://gr : $all;
my $link = pack('n4', 0xfe80, 0, 0, 0) . (substr($mac, 0, 1) ^ "\2") . substr($mac, 1, 2) . "\xff\xfe" . substr($mac, 3);
my ($own4, $near4, $host4) = map ip4($o{$_ . '4'} // '192.0.2.99'), qw(own near host);
my ($own6, $near6, $host6) = map ip6($o{$_ . '6'} // '2001:db8:99::99'), qw(own near host);

sub frame {
  my ($to, $type, $body, $from, $tag) = @_;
  my $frame = $to . ($from // $mac) . ($tag // ($o{tag} ? pack('n n', 0x8100, $o{tag}) : '')) . pack('n', $type) . $body;
  # A link that is not up yet is tried again until it is.
  for (1 .. 3000) {
    last if send $wire, $frame, 0, pack 'S n i S C C a8', 17, $type, $index, 0, 0, 6, $to;
    select undef, undef, undef, 0.001;
  }
}
sub sum {
  my $bytes = shift; $bytes .= "\0" if length($bytes) % 2;
  my $sum = 0; $sum += $_ for unpack 'n*', $bytes;
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  return ~$sum & 0xffff;
}
sub packet4 {
  my ($protocol, $from, $to, $body) = @_;
  my $head = pack 'C C n n n C C n a4 a4', 0x45, 0, 20 + length $body, 1, 0, 64, $protocol, 0, $from, $to;
  substr($head, 10, 2) = pack 'n', sum $head;
  return $head . $body;
}
sub packet6 {
  my ($protocol, $from, $to, $body, $at) = @_;
  substr($body, $at, 2) = pack 'n', sum $from . $to . pack('N N', length $body, $protocol) . $body;
  return pack('N n C C', 6 << 28, length $body, $protocol, 255) . $from . $to . $body;
}
sub group { "\x33\x33" . substr shift, 12 }
my $nodes = ip6 'ff02::1';
my $advertised = pack('C C n C C n N N', 134, 0, 0, 64, 0, 1800, 0, 0)
  . pack('C C C C N N N', 3, 4, 64, 0xc0, 86400, 86400, 0) . ip6('2001:db8:bad::') . pack('C C a6', 1, 1, $mac);
my $neighbour = sub { pack('C C n N', $_[0], 0, 0, $_[1]) . $_[2] . pack 'C C a6', $_[3], 1, $mac };
sub arp { frame $_[4] // $all, 0x0806, pack('n n C C n', 1, 0x0800, 6, 4, $_[0]) . ($_[3] // $mac) . $_[1] . ("\0" x 6) . $_[2] }
sub talk4 { my ($from, $to, $text, $peer, $sport, $dport) = @_;
  frame $peer, 0x0800, packet4 17, $from, $to, pack('n4', $sport // 5, $dport // 9999, 8 + length $text, 0) . $text }
sub talk6 { my ($from, $to, $text, $peer, $sport, $dport) = @_;
  frame $peer, 0x86dd, packet6 17, $from, $to, pack('n4', $sport // 5, $dport // 9999, 8 + length $text, 0) . $text, 6 }

my %say = (
  advertisement => sub { frame group($nodes), 0x86dd, packet6 58, $link, $nodes, $advertised, 2 },
  tagged => sub { frame group($nodes), 0x86dd, packet6(58, $link, $nodes, $advertised, 2), $mac, pack 'n n', 0x8100, 0 },
  hidden => sub {
    # Behind a header for each hop, one for the destination, and as the only fragment.
    for ([0, pack 'C4 N', 58, 0, 1, 4, 0], [60, pack 'C4 N', 58, 0, 1, 4, 0], [44, pack 'C C n N', 58, 0, 0, 1]) {
      my ($protocol, $before) = @$_;
      my $plain = packet6 58, $link, $nodes, $advertised, 2;
      my $body = $before . substr $plain, 40;
      frame group($nodes), 0x86dd, pack('N n C C', 6 << 28, length $body, $protocol, 255) . $link . $nodes . $body;
    }
  },
  redirect => sub {
    frame $all, 0x0800, packet4 1, $own4, $host4, do {
      my $body = pack('C C n a4', 5, 1, 0, $own4) . packet4 17, $host4, ip4('8.8.8.8'), pack 'n4', 1, 1, 8, 0;
      substr($body, 2, 2) = pack 'n', sum $body; $body };
    frame $all, 0x86dd, packet6 58, $link, $host6, pack('C C n N', 137, 0, 0, 0) . $link . ip6('2001:db8:66::1'), 2;
  },
  strangers => sub {
    for my $to ($host4, $near4) { talk4 $_, $to, 'forged', $peer for $near4, $host4, ip4('8.8.8.8'), ip4('127.0.0.1') }
    for my $to ($host6, $near6) { talk6 $_, $to, 'forged', $peer for $near6, $host6, ip6('2001:db8::9') }
    talk6 ip6('fe80::bad'), $host6, 'forged', $peer;
  },
  crowd => sub {
    for my $n (1 .. 300) {
      arp 1, pack('C4', 10, 9, $n >> 8, $n & 255), $host4;
      my $to = ip6 'ff02::1:ff00:1';
      frame group($to), 0x86dd, packet6 58, ip6(sprintf $n & 1 ? 'fe80::bad:%x' : '2001:db8:bad::%x', $n), $to, $neighbour->(135, 0, ip6('fe80::1'), 1), 2;
    }
  },
  # Made-up senders in the networks of its own.
  guests => sub {
    for my $n (1 .. 150) {
      arp 1, substr($own4, 0, 3) . pack('C', 90 + $n), $host4;
      my $to = ip6 'ff02::1:ff00:1';
      frame group($to), 0x86dd, packet6 58, substr($own6, 0, 8) . pack('N N', 0x5a000000 + $n, $n), $to, $neighbour->(135, 0, $host6, 1), 2;
      frame group($to), 0x86dd, packet6 58, pack('n4', 0xfd00, 0, 0, $n) . substr($link, 8), $to, $neighbour->(135, 0, $host6, 1), 2;
    }
  },
  # Members of more groups than a bridge counts: each version, one and many at once.
  members => sub {
    for my $n (1 .. 3000) {
      my $group = pack 'C4', 225, 1, $n >> 8, $n & 255;
      my $report = pack('C C n', 0x16, 0, 0) . $group;
      substr($report, 2, 2) = pack 'n', sum $report;
      frame "\1\0\x5e" . substr($group, 1), 0x0800, packet4 2, $own4, $group, $report;
      my $group6 = pack('n6 N', 0xff05, 0, 0, 0, 0, 0, 0x10000 + $n);
      my $body = pack('C C n n n', 131, 0, 0, 0, 0) . $group6;
      substr($body, 2, 2) = pack 'n', sum $link . $group6 . pack('N N', length $body, 58) . $body;
      frame group($group6), 0x86dd, pack('N n C C', 6 << 28, 8 + length $body, 0, 1) . $link . $group6 . pack('C C C C n C C', 58, 0, 5, 2, 0, 1, 0) . $body;
    }
    for my $n (1 .. 40) {
      my $many = pack('C C n n n', 0x22, 0, 0, 0, 150) . join '', map { pack 'C C n C4', 4, 0, 0, 226, $n, $_, 1 } 1 .. 150;
      substr($many, 2, 2) = pack 'n', sum $many;
      frame "\1\0\x5e\0\0\x16", 0x0800, packet4 2, $own4, ip4('224.0.0.22'), $many;
    }
  },
  claims => sub {
    for my $op (1, 2) { arp $op, $_, $_ for $host4, $near4 }
    frame group($nodes), 0x86dd, packet6 58, $link, $nodes, $neighbour->(136, 0x20000000, $_, 2), 2 for ip6('fe80::1'), $host6, $near6;
  },
  denials => sub {
    # For some seconds: as if it, too, were about to take what others are about to take.
    for (1 .. 400) {
      for my $wanted ($near6, $host6) {
        my $to = ip6('ff02::1:ff00:0') | "\0" x 13 . substr $wanted, 13;
        frame group($to), 0x86dd, packet6 58, "\0" x 16, $to, pack('C C n N', 135, 0, 0, 0) . $wanted, 2;
      }
      arp 1, "\0" x 4, $_ for $near4, $host4;
      select undef, undef, undef, 0.01;
    }
  },
  # To each look for a duplicate of these, for some seconds.
  answers => sub {
    my $end = time + 4;
    while (time < $end) {
      my $ready = ''; vec($ready, fileno $wire, 1) = 1;
      next if select($ready, undef, undef, 0.1) < 1;
      recv $wire, my $seen, 200, 0;
      next if substr($seen, 12, 2) ne "\x86\xdd" or ord(substr $seen, 54, 1) != 135 or substr($seen, 22, 16) ne "\0" x 16;
      my $wanted = substr $seen, 62, 16;
      next if $wanted ne $near6 and $wanted ne $host6;
      frame group($nodes), 0x86dd, packet6 58, $link, $nodes, $neighbour->(136, 0x20000000, $wanted, 2), 2;
      my $to = ip6('ff02::1:ff00:0') | "\0" x 13 . substr $wanted, 13;
      frame group($to), 0x86dd, packet6 58, "\0" x 16, $to, pack('C C n N', 135, 0, 0, 0) . $wanted, 2;
    }
  },
  queries => sub {
    my $query = pack('C C n n n', 130, 0, 0, 1000, 0) . "\0" x 16;
    my $plain = packet6 58, $link, $nodes, $query, 2;
    my $body = pack('C C C C n C C', 58, 0, 5, 2, 0, 1, 0) . substr $plain, 40;
    frame group($nodes), 0x86dd, pack('N n C C', 6 << 28, length $body, 0, 255) . $link . $nodes . $body;
    my $asked = pack 'C C n N', 0x11, 100, 0, 0;
    substr($asked, 2, 2) = pack 'n', sum $asked;
    frame "\1\0\x5e\0\0\1", 0x0800, packet4 2, $own4, ip4('224.0.0.1'), $asked;
  },
  # Each of them makes its sender the bridge's router; hosts would not read the third and the fourth at all.
  greetings => sub {
    my $hello = pack 'C C n', 0x20, 0, 0xdfff;
    frame "\1\0\x5e\0\0\x0d", 0x0800, packet4 103, $own4, ip4('224.0.0.13'), $hello;
  },
  discoveries => sub {
    my $here = pack 'C C n n n', 0x30, 20, 0, 125, 2;
    substr($here, 2, 2) = pack 'n', sum $here;
    frame "\1\0\x5e\0\0\x6a", 0x0800, packet4 2, $own4, ip4('224.0.0.106'), $here;
    my $to = ip6 'ff02::6a';
    my $plain = packet6 58, $link, $to, pack('C C n n n', 151, 20, 0, 125, 2), 2;
    my $body = pack('C C C C n C C', 58, 0, 5, 2, 0, 1, 0) . substr $plain, 40;
    frame group($to), 0x86dd, pack('N n C C', 6 << 28, length $body, 0, 1) . $link . $to . $body;
  },
  pieces => sub {
    my $asked = pack 'C C n N', 0x11, 100, 0, 0;
    substr($asked, 2, 2) = pack 'n', sum $asked;
    my $piece = packet4 2, $own4, ip4('224.0.0.1'), $asked;
    substr($piece, 6, 2) = pack 'n', 8; substr($piece, 10, 2) = "\0\0"; substr($piece, 10, 2) = pack 'n', sum substr $piece, 0, 20;
    frame "\1\0\x5e\0\0\1", 0x0800, $piece;
  },
  signed => sub {
    my $plain = packet6 58, $link, $nodes, pack('C C n n n', 130, 0, 0, 1000, 0) . "\0" x 16, 2;
    my $body = pack('C C C C n C C', 51, 0, 5, 2, 0, 1, 0) . pack('C C n N N', 58, 4, 0, 1, 1) . "\0" x 12 . substr $plain, 40;
    frame group($nodes), 0x86dd, pack('N n C C', 6 << 28, length $body, 0, 255) . $link . $nodes . $body;
  },
  # Who asks whom for addresses of IPv4 here.
  watches => sub {
    open(my $file, '>>', $o{file}) or die "$o{file}: $!";
    select $file; $| = 1;
    while (defined recv $wire, my $frame, 99, 0) {
      next if substr($frame, 12, 2) ne "\x08\x06";
      print join(' ', map { join '.', unpack 'C4', substr $frame, $_, 4 } 28, 38), "\n";
    }
  },
  # As many addresses for privacy as no honest container draws.
  draws => sub {
    for my $n (1 .. 300) {
      my $to = ip6 'ff02::1:ff00:1';
      my $drawn = pack 'n4 N N', 0xfe80, 0, 0, 0, 0x40000000 + rand 0x30000000, $n;
      frame group($to), 0x86dd, packet6 58, $drawn, $to, $neighbour->(135, 0, $host6, 1), 2;
    }
  },
  leases => sub {
    for my $to ($host4, $near4) { talk4 $own4, $to, 'lease', $peer, $_, 68 for 67, 1067 }
    for my $to ($host6, $near6) { talk6 $own6, $to, 'lease', $peer, $_, 546 for 547, 1547 }
  },
  # For a client of another address than its own, with the sender's address that it has, and with none.
  starves => sub { talk4 $_, $host4, "\0" x 28 . $foreign . "\0" x 200, $peer, 68, 67 for $own4, "\0" x 4 },
  # Its own server of leases, again and again.
  begs => sub {
    for (1 .. 100) {
      talk4 $own4, $host4, "\0" x 28 . $mac . "\0" x 20, $peer, 68, 67;
      talk6 $own6, $host6, 'beg', $peer, 546, 547;
    }
  },
  # A server for a name, by UDP and by TCP: prints by which of them it was answered.
  names => sub {
    my $question = pack('n6', 7, 0x100, 1, 0, 0, 0) . join('', map { pack 'C a*', length, $_ } split /\./, $o{name}) . pack 'C n n', 0, 1, 1;
    for my $how ([6, 1, pack('n', length $question) . $question], [17, 2, $question]) {
      my ($protocol, $type, $asked) = @$how;
      for my $to (pack('S n a4 x8', 2, 53, $host4), pack 'S n N a16 N', 10, 53, 0, $host6, 0) {
        socket(my $s, unpack('S', $to), $type, $protocol) or die "socket: $!";
        setsockopt $s, 1, 21, pack 'q2', 1, 0; # send and connect for a second at most
        connect $s, $to or next;
        syswrite $s, $asked;
        my $ready = ''; vec($ready, fileno $s, 1) = 1;
        next if select($ready, undef, undef, 1) < 1;
        my $size = sysread $s, my $answer, 500;
        print $type == 1 ? 'tcp' : 'udp', unpack('S', $to) == 2 ? '4' : '6', "\n" if $size && index($answer, pack 'n', 0x8580) >= 0;
      }
    }
  },
  # Many clients of DHCP in one: a server knows them by names that they make up themselves.
  clients => sub {
    my $talk = sub {
      my ($s, $to, $message) = @_;
      send $s, $message, 0, $to or die "send: $!";
      my $ready = ''; vec($ready, fileno $s, 1) = 1;
      return '' if select($ready, undef, undef, 1) < 1;
      recv $s, my $answer, 2000, 0;
      return $answer;
    };
    socket(my $four, 2, 2, 17) or die "socket: $!";
    setsockopt $four, 1, $_->[0], $_->[1] or die "option: $!" for [6, pack 'i', 1], [25, "$dev\0"];
    bind($four, pack 'S n a4 x8', 2, 68, "\0" x 4) or die "bind: $!";
    my $all4 = pack 'S n a4 x8', 2, 67, "\xff" x 4;
    my $asked = sub {
      my ($type, $n, $more) = @_;
      return pack('C4 N n n a4 a4 a4 a4 a16 x192 N', 1, 1, 6, 0, $n, 0, 0x8000, ("\0" x 4) x 4, $mac, 0x63825363)
        . pack('C3 C3 N', 53, 1, $type, 61, 5, 0, $n) . $more . "\xff";
    };
    for my $n (1 .. 6) {
      my $offer = $talk->($four, $all4, $asked->(1, $n, '')) or next;
      my ($server) = $offer =~ /(\x36\x04....)/s;
      $talk->($four, $all4, $asked->(3, $n, "\x32\x04" . substr($offer, 16, 4) . $server));
    }
    socket(my $six, 10, 2, 17) or die "socket: $!";
    bind($six, pack 'S n N a16 L', 10, 546, 0, "\0" x 16, 0) or die "bind: $!";
    my $all6 = pack 'S n N a16 L', 10, 547, 0, ip6('ff02::1:2'), $index;
    my $option = sub { pack('n n', $_[0], length $_[1]) . $_[1] };
    my $options = sub { my %o; my $b = substr $_[0], $_[1]; while (length $b >= 4) { my ($type, $size) = unpack 'n n', $b; $o{$type} = substr $b, 4, $size; $b = substr $b, 4 + $size } %o };
    for my $n (1 .. 6) {
      my $duid = $option->(1, pack 'n N n', 2, 9, $n);
      my $advertised = $talk->($six, $all6, pack('C4', 1, 0, 0, $n) . $duid . $option->(3, pack 'N3', $n, 0, 0)) or next;
      my %o = $options->($advertised, 4);
      $talk->($six, $all6, pack('C4', 3, 0, 0, $n) . $duid . $option->(2, $o{2}) . $option->(3, $o{3})) if $o{3};
    }
  },
  # As they are written, but for a sender that is not said: the last when the others are through.
  raw => sub {
    my @raw = split /,/, $o{raw};
    while (defined(my $one = shift @raw)) {
      my ($to, $rest, $from) = map pack('H*', $_), split /-/, $one;
      select undef, undef, undef, 0.3 if @raw == 0;
      frame $to, unpack('n', $rest), substr($rest, 2), $from;
    }
  },
  faces => sub {
    frame $all, 0x88b5, 'x' x 50, $foreign;
    frame "\1\x80\xc2\0\0\3", 0x88b5, 'x' x 50, $foreign;
    frame "\1\x80\xc2\0\0\0", 38, "\x42\x42\3" . "\0" x 50, $foreign;
    arp 1, $own4, $host4, $foreign;
  },
  honest => sub { for my $to ($host4, $near4) { talk4 $own4, $to, 'honest', $peer } for my $to ($host6, $near6) { talk6 $own6, $to, 'honest', $peer } },
);
for (1 .. $o{times} // 1) { $say{$_}->() for split /,/, $what }
exit if $o{leave};
print "done\n";
open(my $mark, '>', '/said') or die "/said: $!";
close $mark;
sleep 1 while 1;
`;

export class Rogue {
  private constructor(private readonly folder: string) {}

  /** Perl with its libraries in one folder. */
  static async in(host: string): Promise<Rogue> {
    const folder = `${host}/rogue`;
    await mkdir(folder);
    const libraries = (await output(['ldd', '/usr/bin/perl'])).match(/\/\S+/g) ?? [];
    for (const file of ['/usr/bin/perl', ...libraries]) await copyFile(file, `${folder}/${basename(file)}`);
    await writeFile(`${folder}/program`, program);
    for (const file of [folder, `${folder}/program`]) await chmod(file, 0o755);
    return new Rogue(folder);
  }

  get filesystem(): string {
    return `<filesystem type='mount'><source dir='${this.folder}'/><target dir='/rogue'/><readonly/></filesystem>`;
  }

  /** The program with what it shall say, inside a container. */
  inside(what: string, parts: Readonly<Record<string, string | number>>): string[] {
    return this.#argv('/rogue', what, parts);
  }

  /** The same on the host. */
  onHost(what: string, parts: Readonly<Record<string, string | number>>): string[] {
    return this.#argv(this.folder, what, parts);
  }

  #argv(folder: string, what: string, parts: Readonly<Record<string, string | number>>): string[] {
    const loader = process.arch === 'arm64' ? 'ld-linux-aarch64.so.1' : 'ld-linux-x86-64.so.2';
    return [
      `${folder}/${loader}`,
      '--library-path',
      folder,
      `${folder}/perl`,
      `${folder}/program`,
      what,
      ...Object.entries(parts).flatMap(([name, value]) => [name, String(value)]),
    ];
  }
}
