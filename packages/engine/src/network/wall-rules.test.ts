// The rules are ones that the kernel takes, by a nft that finds no names of protocols and ports on its host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../host/run.js';
import { linkPlan } from '../testing/link-plan.js';
import { wallElements } from './wall-elements.js';
import { ruleset } from './wall-rules.js';

const needsRoot = process.getuid?.() === 0 ? false : 'namespaces of its own are for root';

const onSmallHost = `
for names in /etc/protocols /etc/services; do
  if [ -e $names ]; then mount --bind /dev/null $names; fi
done
nft --file - && nft --stateless list tables
`;

test('a host without netbase has them too', { skip: needsRoot }, async () => {
  const { stdout } = await run(
    ['/usr/bin/unshare', '--net', '--mount', '--', '/bin/sh', '-e', '-c', onSmallHost],
    { input: ruleset('ctvirt-test', []) },
  );
  assert.deepEqual(
    stdout.trim().split('\n'),
    ['inet', 'arp', 'bridge'].map((family) => `table ${family} ctvirt-test`),
  );
});

/** Each `boots` makes a link as a start does, gives it 20 IPv6 addresses, and takes it away; what the rules have learnt is told at the end. */
const booting = `
ip link set lo up
ip link add br0 type bridge && ip link set br0 up
unshare --net sleep 60 & inside=$!
trap 'kill $inside' EXIT
until [ "$(readlink /proc/$inside/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
boots() {
  ip link add $1 type veth peer name eth0 address $2 netns $inside
  ip link set $1 master br0 up
  nsenter --net=/proc/$inside/ns/net -- sh -e -c "
    ip link set eth0 up
    for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do ip address add 2001:db8::$3:5:5:\\$n/64 dev eth0; done"
  sleep 2
  ip link delete $1
}
nft --file -
boots cv1.0 52:54:00:00:00:01 a
boots cv2.0 52:54:00:00:00:02 b
boots cv1.0 52:54:00:00:00:01 c
boots cv1.0 52:54:00:00:00:03 d
nft --json list set bridge ctvirt-test owners6
nft --json list set bridge ctvirt-test newcomers6
`;

/** Of each hardware address the timeouts of its elements. What stands before them differs with nft's version. */
function elementsByMac(listing: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const elements = listing.slice(listing.indexOf('"elem": ['));
  for (const [, keys = '', expires = ''] of elements.matchAll(/"concat": \[([^\]]*)\].*?"expires": (\d+)/g)) {
    const mac = /52:54:00:00:00:\d\d/.exec(keys)?.[0] ?? '';
    found.set(mac, [...(found.get(mac) ?? []), Number(expires)]);
  }
  return found;
}

test('a link that comes again goes on with its account, and no other has it', {
  skip: needsRoot,
}, async () => {
  const macs = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03'] as const;
  const links = macs.map((mac, at) =>
    linkPlan({ kind: 'bridge', parent: 'br0', mac, hostName: at === 1 ? 'cv2.0' : 'cv1.0' }),
  );
  const { stdout } = await run(['/usr/bin/unshare', '--net', '--', '/bin/sh', '-e', '-c', booting], {
    input: ruleset('ctvirt-test', wallElements(links)),
  });
  const [owners = '', accounts = ''] = stdout.trim().split('\n');
  const [again, once, other] = macs.map((mac) => elementsByMac(owners).get(mac)?.length);
  assert.deepEqual({ again, once, other }, { again: 12, once: 12, other: 12 });
  const [[used = 0] = [], [unused = 0] = []] = macs.map((mac) => elementsByMac(accounts).get(mac));
  assert.ok(used > unused && unused > 0, `${used} s: it is as old as its first use, ${unused} s`);
});

test('what has been learnt stays when the rules are put there anew, and nothing else', {
  skip: needsRoot,
}, async () => {
  const link = linkPlan({ kind: 'bridge', parent: 'br0' });
  // One after another: nft 1.1.3 crashes where a text flushes a set that it declares itself.
  const shell = async (texts: readonly string[], script: string): Promise<string> => {
    const files = texts.map((text) => `nft --file - <<'END'\n${text}\nEND\n`).join('');
    const argv = ['/usr/bin/unshare', '--net', '--', '/bin/sh', '-e'] as const;
    return (await run(argv, { input: `${files}${script}` })).stdout;
  };
  const first = ruleset('ctvirt-test', wallElements([link]));
  const list = 'nft --stateless --terse list table bridge ctvirt-test';
  const standing = await shell([first], list);
  const hole = `
add set bridge ctvirt-test theirs { type ether_addr; }
add chain bridge ctvirt-test theirs { type filter hook input priority 0; }
insert rule bridge ctvirt-test link accept
flush set bridge ctvirt-test links
`;
  const learnt = `
add element bridge ctvirt-test names6 { 0x20010db8000000000000000000000005 }
add element bridge ctvirt-test asked { "cv1.0" . 52:54:00:12:34:56 limit rate over 30/minute burst 30 packets }
`;
  // What is listed is not to be known before: the second text is made of what the first one left.
  const left = await shell([first, hole], list);
  const again = ruleset('ctvirt-test', wallElements([link]), { standing: left });
  const told = await shell([first, hole, learnt, again], `${list}\nnft list ruleset`);
  assert.ok(told.startsWith(standing), 'it is as it was at first');
  assert.match(told, /0x20010db8000000000000000000000005 expires/);
  assert.match(told, /"cv1.0" \. 52:54:00:12:34:56 limit .* expires/);
  assert.doesNotMatch(told, /theirs/);
});
