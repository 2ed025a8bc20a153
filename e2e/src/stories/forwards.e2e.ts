// Ports of the host that lead to containers: asked from the world, from the host and from neighbours, live, and without a daemon, too.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { perl, perlIn } from '../world/guest-perl.js';
import { beyond, type OtherHost, otherHost } from '../world/other-host.js';
import { waitFor } from '../world/wait.js';
import { cliProgram, refused, World } from '../world/world.js';

let world: World;
let other: OtherHost | undefined;
let tools: string;
before(async () => {
  world = await World.open();
  tools = await perlIn(world.host);
});
afterEach(async () => {
  await world.eraseAll();
  await world.eraseNetworks();
  await other?.[Symbol.asyncDispose]();
  other = undefined;
  await world.assertClean();
});
after(() => world.close());

/** Answers at these ports, in both protocols and families, by the port's number; over TCP all that it is told comes back. */
const server = `
$SIG{CHLD} = 'IGNORE'; $| = 1; my $set = ''; my %tcp; my %udp;
for my $port (@ARGV) {
  my $any = pack('S n N a16 N', 10, $port, 0, "\\0" x 16, 0);
  for my $kind (1, 2) {
    socket(my $s, 10, $kind, 0) or die; setsockopt($s, 1, 2, pack('l', 1)); bind($s, $any) or die "$port $!";
    listen($s, 9) if $kind == 1;
    vec($set, fileno($s), 1) = 1; ($kind == 1 ? \\%tcp : \\%udp)->{$port} = $s;
  }
}
while (1) {
  select(my $ready = $set, undef, undef, undef);
  for my $port (@ARGV) {
    my ($t, $u) = ($tcp{$port}, $udp{$port});
    if (vec($ready, fileno($u), 1)) { my $from = recv($u, my $text, 999, 0); send($u, "udp $port $text", 0, $from); }
    next unless vec($ready, fileno($t), 1);
    accept(my $c, $t); next if fork;
    syswrite($c, "tcp $port\\n"); while (sysread($c, my $text, 999)) { syswrite($c, $text) } exit;
  }
}`;

const lan = (mode: string) =>
  `<network><name>lan</name>${mode}
  <ip address='10.98.1.1' prefix='24'><dhcp><range start='10.98.1.10' end='10.98.1.99'/></dhcp></ip>
  <ip family='ipv6' address='fd00:98::1' prefix='64'><dhcp><range start='fd00:98::10' end='fd00:98::99'/></dhcp></ip></network>`;
const serving = (name: string, ports: readonly number[], forwards = '') =>
  domainXml({
    name,
    program: [...perl, '-e', server, ...ports.map(String)],
    filesystems: [templateRoot, tools],
    interfaces: [`<interface type='network'><source network='lan'/>${forwards}</interface>`],
  });

const tcp = (to: string, port: number) => `/bin/busybox nc -w 3 ${to} ${port} </dev/null`;

/** busybox's own speaks TCP alone. */
const asks = `
my ($to, $port, $own) = @ARGV; my $v6 = length $to > 8;
my $at = $v6 ? pack("S n N H32 N", 10, $port, 0, $to, 0) : pack("S n H8 x8", 2, $port, $to);
socket(my $s, $v6 ? 10 : 2, 2, 0) or die; bind($s, pack("S n x12", 2, $own)) or die if $own; send($s, "hi", 0, $at) or die;
my $set = ""; vec($set, fileno($s), 1) = 1; exit 1 unless select($set, undef, undef, 1);
recv($s, my $text, 999, 0); print $text;`;
const bytes: Readonly<Record<string, string>> = {
  [beyond.gateway]: 'cb007101',
  [beyond.gateway6]: '20010db8009900000000000000000001',
};
const udp = (to: string, port: number, own = '') => `$PERL -e '${asks}' ${bytes[to]} ${port} ${own}`;
type Asking = (line: string) => Promise<string>;
/** Whatever comes back; nothing is an answer, too. */
const asking =
  (run: (...argv: string[]) => Promise<string>, program = 'perl'): Asking =>
  async (line) =>
    (await run('/bin/sh', '-c', `PERL='${program}'; ${line} 2>/dev/null || true`)).trim();
const fromWorld: Asking = (line) =>
  asking((...argv) => other?.there(...argv) ?? assert.fail('no host'))(line);
const fromHost: Asking = (line) => asking((...argv) => world.enclosure.output(...argv))(line);
const from =
  (domain: string): Asking =>
  (line) =>
    asking(async (...argv) => (await world.exec(domain, ...argv)).stdout, perl.join(' '))(line);

/** An address of IPv6 takes its time to be had. */
const answers = async (who: Asking, line: string, wanted: string) => {
  let last = '';
  const found = waitFor('an answer', async () => {
    last = await who(line);
    return last === wanted;
  });
  await found.catch(() => assert.fail(`'${wanted}' to ${line}: it was '${last}'`));
};
const isSilent = async (who: Asking, line: string) => assert.equal(await who(line), '', line);

const unfiltered = ['ip', 'ip6']
  .map((word) => `/proc/sys/net/bridge/bridge-nf-call-${word}tables`)
  .map((path) => `if [ -e ${path} ]; then echo 0 >${path}; fi`)
  .join('\n');

const forwards = `
  <portForward proto='tcp'><range start='2222' to='22'/><range start='8000' end='8002' to='80'/><range start='8001' exclude='yes'/></portForward>
  <portForward proto='udp'><range start='5353' to='53'/></portForward>
  <portForward proto='tcp' address='${beyond.gateway}'><range start='25'/></portForward>
  <portForward proto='tcp' dev='up0'><range start='7000' end='7100' to='7000'/></portForward>`;

for (const mode of ['nat', 'route'] as const)
  test(`the world, the host and neighbours reach a container at the host's ports (${mode})`, async () => {
    other = await otherHost(world.enclosure);
    await world.client.networks.define({ body: lan(`<forward mode='${mode}'/>`) });
    await world.client.networks.start({ network: 'lan' });
    await world.run(serving('web', [22, 25, 53, 80, 81, 82, 7050], forwards));
    await world.run(serving('near', [9]));
    for (const who of [fromWorld, fromHost, from('near')]) {
      await answers(who, tcp(beyond.gateway, 2222), 'tcp 22');
      await answers(who, udp(beyond.gateway, 5353), 'udp 53 hi');
      await answers(who, tcp(beyond.gateway6, 2222), 'tcp 22');
      await answers(who, udp(beyond.gateway6, 5353), 'udp 53 hi');
      await answers(who, tcp(beyond.gateway, 8000), 'tcp 80');
      await answers(who, tcp(beyond.gateway, 8002), 'tcp 82');
      await isSilent(who, tcp(beyond.gateway, 8001));
      await answers(who, tcp(beyond.gateway, 25), 'tcp 25');
      await isSilent(who, tcp(beyond.gateway6, 25));
    }
    // Itself it hears where what goes over a bridge does not pass these rules a first time, as it does where Docker has been.
    await world.enclosure.output('/bin/sh', '-c', unfiltered);
    await answers(from('web'), tcp(beyond.gateway, 2222), 'tcp 22');
    await answers(from('web'), udp(beyond.gateway6, 5353), 'udp 53 hi');
    await answers(fromHost, tcp('10.98.1.1', 2222), 'tcp 22');
    await isSilent(fromHost, tcp('127.0.0.1', 2222));
    await answers(fromWorld, tcp(beyond.gateway, 7050), 'tcp 7050');
    for (const who of [fromHost, from('near')]) await isSilent(who, tcp(beyond.gateway, 7050));
    // What is asked of the network's own name server stays there.
    assert.match(await world.shell('near', 'nslookup -type=a web'), /10\.98\.1\.10/);
  });

test('they come and go live, beside connections that stay, whatever becomes of the daemon and the rules', async () => {
  other = await otherHost(world.enclosure);
  await world.client.networks.define({ body: lan("<forward mode='nat'/>") });
  await world.client.networks.start({ network: 'lan' });
  await world.run(serving('web', [22, 53, 80], forwards));
  const ctvirt = async (...words: string[]) => {
    const argv = [process.execPath, cliProgram, '--socket', world.socket, 'forward', ...words];
    const { status, stdout, stderr } = await world.enclosure.run(argv);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  await answers(fromWorld, tcp(beyond.gateway, 2222), 'tcp 22');
  const talk = '(echo one; while ! [ -e "$1" ]; do sleep 0.2; done; echo two; sleep 1)';
  const end = `${world.host}/end`;
  const talking = other.there(
    '/bin/sh',
    '-c',
    `${talk} | /bin/busybox nc -w 60 ${beyond.gateway} 2222`,
    'talk',
    end,
  );
  await isSilent(fromWorld, tcp(beyond.gateway, 3000));
  await ctvirt('web', 'add', 'tcp:3000:80', '--live', '--config');
  await answers(fromWorld, tcp(beyond.gateway, 3000), 'tcp 80');
  await ctvirt('web', 'remove', 'tcp:2222');
  await isSilent(fromWorld, tcp(beyond.gateway, 2222));
  // A client that keeps its port is led where it is meant to be by then.
  const same = udp(beyond.gateway, 5999, '45000');
  await isSilent(fromWorld, same);
  await ctvirt('web', 'add', 'udp:5999:53');
  assert.equal(await fromWorld(same), 'udp 53 hi');
  await ctvirt('web', 'remove', 'udp:5999');
  await isSilent(fromWorld, same);
  assert.match(await ctvirt(), / web +tcp +\* +3000 +80 +10\.98\.1\.10, fd00:98::10 +lan +yes\n/);
  const { message } = await refused(
    'exists',
    world.client.domains.define({ body: serving('late', [9], forwards) }),
  );
  assert.match(message, /is in use by domain 'web'$/);
  await world.kill();
  await answers(fromWorld, tcp(beyond.gateway, 3000), 'tcp 80');
  await world.enclosure.output('nft', 'flush', 'ruleset');
  await world.start();
  await answers(fromWorld, tcp(beyond.gateway, 3000), 'tcp 80');
  await refused('exists', world.client.domains.define({ body: serving('late', [9], forwards) }));
  await world.enclosure.output('touch', end);
  assert.equal((await talking).trim(), 'tcp 22\none\ntwo');
  await world.enclosure.output('rm', end);
  // One that the host's own program has is told, and its owner has it back.
  const own = world.enclosure.output(
    '/bin/busybox',
    'nc',
    '-l',
    '-p',
    '4000',
    '-w',
    '30',
    '-e',
    '/bin/echo',
    'own',
  );
  await answers(async () => String(await isListening(4000)), '', 'true');
  await ctvirt('web', 'add', 'tcp:4000:80');
  await answers(fromWorld, tcp(beyond.gateway, 4000), 'tcp 80');
  await ctvirt('web', 'remove', 'tcp:4000:80');
  await answers(fromWorld, tcp(beyond.gateway, 4000), 'own');
  await own;
  await world.client.domains.destroy({ domain: 'web' });
  await isSilent(fromWorld, tcp(beyond.gateway, 3000));
  await world.client.domains.start({ domain: 'web' });
  await answers(fromWorld, tcp(beyond.gateway, 2222), 'tcp 22');
  await answers(fromWorld, tcp(beyond.gateway, 3000), 'tcp 80');
});

const isListening = async (port: number): Promise<boolean> =>
  (await world.enclosure.output('/bin/busybox', 'netstat', '-ltn')).includes(`:${port} `);
