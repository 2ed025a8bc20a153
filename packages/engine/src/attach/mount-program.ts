// The program that mounts in a running container, and takes mounts of ours away there; perl, as the one that enters it.
// SPDX-License-Identifier: Apache-2.0
import { asRoot, atInit, request } from './perl.js';

// It takes the container's ids and rights before it goes where names are the container's: what it makes or follows there it does
// with no more than the container's own root has. In no moment is it in the container's namespace of pids, and nobody may trace it.
//
// The mount is copied in a mount namespace that belongs to the container's user namespace, since the kernel locks what a namespace
// with fewer rights copies: read-only, nosuid and nodev stay as they are, whatever the container's root does.
/** The program's source, which `mounts.ts` runs in a process of its own. */
export const mountProgram = `${request(['verb', 'folder', 'name', 'target'])}
${asRoot}
refuse_dumps();
must('parent', 'prctl', 1, 9, 0, 0, 0);
${atInit}
open my $user, '<', 'ns/user' or fail('gone');
open my $mounts, '<', 'ns/mnt' or fail('gone');
chdir $folder or fail('folder') if $verb eq 'mount';

umask 022;
join_user($user);
my $empty = '';
my $copy;
if ($verb eq 'mount') {
  must('copy', 'unshare', 0x20000);
  $copy = must('copy', 'open_tree', -100, $name, 0x80001);
}
must('join mnt', 'setns', fileno $mounts, 0);

if ($verb eq 'mount') {
  my @parts = grep $_ ne '', split m{/}, $target;
  my $last = $is{isfile} ? pop @parts : undef;
  my $at = '';
  for my $part (@parts) {
    $at .= "/$part";
    -d $at or mkdir $at, 0755 or fail('target');
  }
  if (defined $last && !-e $target && !-l $target) {
    # Neither through a link nor over what somebody has just made.
    sysopen my $file, $target, 0301, 0644 or fail('target');
  }
  must('mount', 'move_mount', $copy, $empty, -100, $target, 4);
} else {
  # What is mounted there may be another's by now: whose it is its caller decides.
  my @found = $is{isdevice} ? (stat $target)[6] : (stat $target)[0, 1];
  my $found = join ' ', map $_ // '', @found;
  if ($verb eq 'unmount' && ($found eq $name || $name eq '*')) {
    my $got = call('umount2', $target, 8);
    # Where nothing is mounted nothing has to go.
    fail('unmount') if $got < 0 && $! != 22 && $! != 2;
    unlink $target if $is{isdevice} && !-l $target && -f $target && -z $target;
  }
  syswrite $told, "found $found";
  exit 0;
}
syswrite $told, 'ok';
`;
