// Somebody inside a container who looks at each process that arrives there, and takes hold of it if the kernel lets him.
// SPDX-License-Identifier: Apache-2.0
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { output } from './command.js';
import { waitFor } from './wait.js';
import type { World } from './world.js';

/** What has no business in a container is a breach; a look that is refused is none, and counted to know that he was in time. */
const script = String.raw`
my ($ptrace) = @ARGV;
my %known = map { $_ => 1 } grep /^\d+$/, names('/proc');
my $refused = 0;
my %told;
mkdir '/p';
system 'mount', '-t', 'proc', 'proc', '/p';
sub names { opendir my $all, $_[0] or return; readdir $all }
sub text { open my $in, '<', $_[0] or return; local $/; <$in> // '' }
sub breach { print "breach: @_\n" unless $told{"@_"}++ }
sub look {
  my ($pid) = @_;
  my $at = "/p/$pid";
  my $status = text("$at/status") // return;
  breach('uid of the host', $status =~ /^(Uid.*)/m) if $status =~ /^[UG]id:.*\b65534\b/m;
  breach('groups', $status =~ /^(Groups.*)/m) if $status =~ /^Groups:[ \t]*\d/m;
  my $told = join ' ', grep defined, text("$at/cmdline"), text("$at/comm");
  $told =~ s/\0/ /g;
  breach('command line', $told) if $told =~ /lxc|perl|ctvirt|proc\/self\/fd|-v |SECRET/;
  my $group = text("$at/cgroup") // '';
  breach('control group', $group) if $group =~ m{:/\.\.(?!/lxc\.(monitor|payload)\.)};
  my $seized = syscall($ptrace, 0x4206, $pid, 0, 0) == 0;
  my $program = readlink "$at/exe";
  if (!defined $program) {
    return unless -e "$at/status";
    # Before it ran the container's program: nothing of it may be had.
    my @had = grep { my $was = $_; defined text("$at/$was") && text("$at/$was") ne '' } qw(environ maps auxv mem);
    push @had, 'a trace' if $seized;
    push @had, 'root' if defined readlink "$at/root";
    push @had, 'namespaces' if defined readlink "$at/ns/user";
    push @had, 'files' if grep /\d/, names("$at/fd");
    # It may have run it meanwhile, or ended: then it has no memory any more.
    $program = readlink "$at/exe";
    if (!defined $program && (text("$at/status") // '') =~ /^VmSize/m) {
      $refused++;
      breach('before its program', @had) if @had;
    }
  }
  if (defined $program) {
    breach('program', $program) if $program =~ /lxc|perl/;
    for my $fd (names("$at/fd")) {
      my $what = readlink "$at/fd/$fd" // '';
      breach('descriptor', $what) if $what =~ m{^/} && $what !~ m{^/(dev/(null|pts/\d+|console)|proc|p)\b} || $what =~ /memfd|anon/;
    }
    breach('environment') if (text("$at/environ") // '') =~ /NOTIFY_SOCKET|CTVIRT|SECRET/;
  }
  if ($seized) {
    syscall $ptrace, 0x4207, $pid, 0, 0;
    waitpid $pid, 0x40000000;
    syscall $ptrace, 17, $pid, 0, 0;
  }
}
$| = 1;
print "watching\n";
until (-e '/enough') {
  for my $pid (grep /^\d+$/ && !$known{$_}, names('/proc')) {
    $known{$pid} = 1;
    # Held fast, it can be looked at as long as one likes.
    my $is_held = $pid % 3 == 0 && kill 'STOP', $pid;
    look($pid);
    kill 'CONT', $pid if $is_held;
    look($pid);
  }
  waitpid -1, 0x40000001;
}
print "refused: $refused\n";
`;

const callNumber = process.arch === 'x64' ? 101 : 117;

export interface Watcher {
  /** What he found: lines of breaches, and how often he met a process before it ran its program. */
  end(): Promise<{ breaches: string[]; refused: number }>;
}

/** A `<filesystem>` that shows the container a perl with all it needs, below /tools. */
export async function toolsFilesystem(world: World): Promise<string> {
  const folder = `${world.host}/tools`;
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const libraries = [...(await output(['ldd', '/usr/bin/perl'])).matchAll(/(\/\S+) \(0x/g)].map(
    ([, path = '']) => path,
  );
  for (const path of ['/usr/bin/perl', ...libraries]) {
    const name = /\/ld-linux/.test(path) ? 'loader' : basename(path);
    await copyFile(path, `${folder}/${name}`);
    await chmod(`${folder}/${name}`, 0o755);
  }
  return `<filesystem><source dir='${folder}'/><target dir='/tools'/><readonly/></filesystem>`;
}

/** Begins to watch in a domain that has the tools. */
export async function watch(world: World, domain: string): Promise<Watcher> {
  await world.shell(domain, 'rm -f /enough');
  const argv = ['/tools/loader', '--library-path', '/tools', '/tools/perl', '-e', script, String(callNumber)];
  const session = await world.client.domains.exec({ domain, open: { argv } });
  session.stdin.end();
  let said = '';
  session.stdout.on('data', (chunk: Buffer) => (said += String(chunk)));
  session.stderr.on('data', (chunk: Buffer) => (said += `breach: ${String(chunk)}`));
  await waitFor('him to watch', () => said.includes('watching\n'));
  const end = async () => {
    await world.shell(domain, 'touch /enough');
    await session.exited;
    const breaches = said.split('\n').filter((line) => line.startsWith('breach'));
    return { breaches, refused: Number(/^refused: (\d+)$/m.exec(said)?.[1]) };
  };
  return { end };
}
