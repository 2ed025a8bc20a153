// What a start itself puts into a container: every user in there can read it, and it says what the document says.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { output } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { busybox, World } from '../world/world.js';

const nobody = 'nobody';
let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const limited = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>16</space_hard_limit></filesystem>",
);
const dns = "<dns><nameserver address='10.77.0.1'/><search domain='example.org'/></dns>";

/** What a shell line says that somebody else than root runs. */
const asNobody = (domain: string, line: string): Promise<string> =>
  world.shell(domain, `su ${nobody} -s /bin/sh -c '${line}'`);

test('name, hosts and resolver are for all to read, in a folder, an image and a folder of the host', async () => {
  const root = `${world.host}/root`;
  await mkdir(root);
  const template = `${world.root}/lib/templates/${busybox}/rootfs`;
  await output(['cp', '-a', `${template}/.`, root]);
  const host = `<filesystem type='mount'><source dir='${root}'/><target dir='/'/></filesystem>`;
  for (const [name, filesystem] of Object.entries({ folder: templateRoot, image: limited, host })) {
    const domain = await world.run(
      domainXml({
        name,
        filesystems: [filesystem],
        more: `<hostname>web01.example.org</hostname>${dns}`,
      }),
    );
    assert.equal(
      await world.shell(domain, 'cd /etc; stat -c "%n %a %u %g" hostname hosts resolv.conf'),
      'hostname 644 0 0\nhosts 644 0 0\nresolv.conf 644 0 0',
    );
    assert.equal(await asNobody(domain, 'cat /etc/hostname'), 'web01.example.org');
    assert.equal(await asNobody(domain, 'cat /etc/resolv.conf'), 'search example.org\nnameserver 10.77.0.1');
    assert.equal(
      await asNobody(domain, 'cat /etc/hosts'),
      '127.0.0.1\tlocalhost\n127.0.1.1\tweb01.example.org web01\n::1\tlocalhost ip6-localhost ip6-loopback',
    );
  }
});

test('a name that the document does not give is told as well, until somebody inside gives another', async () => {
  const domain = await world.run(domainXml({ name: 'plain' }));
  assert.equal(await world.shell(domain, 'hostname; cat /etc/hostname'), 'plain\nplain');
  assert.match(await world.shell(domain, 'cat /etc/hosts'), /^127\.0\.1\.1\tplain$/m);
  assert.match(await asNobody(domain, 'ping -c1 -W1 plain 2>&1 | head -n1'), /\(127\.0\.1\.1\)/);
  const restart = async (): Promise<void> => {
    await world.client.domains.destroy({ domain });
    await world.client.domains.start({ domain });
  };
  await world.shell(domain, 'echo mine > /etc/hostname; echo "10.0.0.5 other" >> /etc/hosts');
  await restart();
  assert.equal(await world.shell(domain, 'cat /etc/hostname'), 'mine');
  const hosts = await world.shell(domain, 'cat /etc/hosts');
  assert.match(hosts, /^127\.0\.1\.1\tmine$/m);
  assert.match(hosts, /^10\.0\.0\.5 other$/m);
  assert.doesNotMatch(hosts, /plain/);
  // Of an earlier version, which made them for root alone.
  await world.shell(domain, 'chmod 600 /etc/hosts');
  await restart();
  await asNobody(domain, 'cat /etc/hosts');
});

test('everything that a start or an import makes can be read and passed by every user inside', async () => {
  const scratch = `${world.host}/scratch`;
  await mkdir(`${scratch}/tree/only`, { recursive: true });
  await writeFile(`${scratch}/conf`, 'conf\n', { mode: 0o644 });
  await output(['cp', '-a', `${world.root}/lib/templates/${busybox}/rootfs/.`, `${scratch}/tree`]);
  // Without an entry for the root folder or for most of those below.
  await output([
    'sh',
    '-c',
    `cd ${scratch}/tree && find . -type f -o -type l | sed s,^./,, | tar cf ../bare.tar -T -`,
  ]);
  const { status, stderr } = await world.cli(['template', 'import', 'bare', `${scratch}/bare.tar`]);
  assert.equal(status, 0, stderr);
  const given = `${world.host}/given`;
  await mkdir(given, { mode: 0o755 });
  const domain = await world.run(
    domainXml({
      name: 'open',
      filesystems: [
        templateRoot.replace(busybox, 'bare'),
        "<filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/new/ram'/></filesystem>",
        "<filesystem type='bind'><source dir='/etc'/><target dir='/new/bind'/></filesystem>",
        `<filesystem type='mount'><source dir='${given}'/><target dir='/new/deep/given'/></filesystem>`,
        "<filesystem type='template'><source name='bare'/><target dir='/new/tree'/></filesystem>",
      ],
      more: dns,
    }),
  );
  const closed = "'(' -type d ! -perm -005 -o -type f ! -perm -004 ')'";
  const found = await world.shell(domain, `find / -xdev ${closed}; find /new ${closed}`);
  // What the template itself closes is its own affair.
  const own = found.split('\n').filter((path) => path !== '' && !/\/(root|shadow-?)$/.test(path));
  assert.deepEqual(own, []);
});

test('whatever the container made of these files, its next start succeeds, leaves what it cannot replace, and tells', async () => {
  const ways: Readonly<Record<string, RegExp>> = {
    'rm -f resolv.conf; mkdir resolv.conf': /its \/etc\/resolv\.conf is left/,
    'rm -f hostname; mkdir -p hostname/x': /its \/etc\/hostname is left/,
    'mv /etc /etc2; touch /etc': /its \/etc\/hosts is left/,
    'mv /etc /etc2; mkfifo /etc': /its \/etc\/hosts is left/,
    'mv /etc /etc2; ln -s /etc /etc': /its \/etc\/hosts is left/,
  };
  for (const [index, [line, told]] of Object.entries(ways).entries()) {
    const more = `<hostname>web01.example.org</hostname>${dns}`;
    const domain = await world.run(domainXml({ name: `odd${index}`, more }));
    await world.shell(domain, `cd /etc; ${line}`);
    await world.client.domains.destroy({ domain });
    const before = world.log.length;
    await world.client.domains.start({ domain });
    assert.match(world.log.slice(before), told, line);
    assert.equal(await world.shell(domain, 'hostname'), 'web01.example.org');
    if (index < 2)
      assert.match(await world.shell(domain, 'cat /etc/hosts'), /^127\.0\.1\.1\tweb01\.example\.org web01$/m);
    await world.erase(domain);
  }
});

test('a root with a few blocks left keeps the whole of a file that a start writes anew', async () => {
  const domain = await world.run(domainXml({ name: 'short', filesystems: [limited] }));
  const lines =
    'i=0; while [ $i -lt 1500 ]; do echo "10.0.$((i/250)).$((i%250)) host-number-$i.example.org"; i=$((i+1)); done';
  await world.shell(domain, `(${lines}) > /etc/hosts; sync`);
  // One file beyond the last block, then room for half of what is written.
  await world.exec(
    domain,
    '/bin/sh',
    '-c',
    'for n in 1 2 3 4; do dd if=/dev/zero of=/little$n bs=8k count=1; done; dd if=/dev/zero of=/fill bs=1k; sync; rm /little*; sync',
  );
  const seen = await world.shell(domain, 'cat /etc/hosts');
  await world.client.domains.destroy({ domain });
  await world.client.domains.start({ domain });
  assert.equal(await world.shell(domain, 'cat /etc/hosts'), seen);
  assert.match(world.log, /domain 'short': its \/etc\/hosts is left as it is.*ENOSPC/);
});
