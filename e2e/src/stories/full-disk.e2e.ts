// A disk that fills up at any moment: told as such, nothing half-made, and what is there can still be ended and erased.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { ApiError, errorTable } from '@ctvirt/api';
import { output } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { assertUnchanged, waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
let scratch: string;
before(async () => {
  world = await World.open({ diskMiB: 24 });
  scratch = await mkdtemp('/tmp/cvarchive');
});
afterEach(async () => {
  await world.disk.empty();
  await world.clear();
});
after(async () => {
  await rm(scratch, { recursive: true });
  await world.close();
});

const kibibytes = (count: number) => count * 1024;
const limited = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>64</space_hard_limit><quota type='inodes' max='4000'/></filesystem>",
);

const toTheBlock = async () => ({ used: await world.disk.used(), everything: await world.everything() });

/** Runs `work` with each amount of space left: it succeeds, or says that the disk is full and leaves nothing. */
async function atEachFilling(
  left: readonly number[],
  work: () => Promise<void>,
  state: () => Promise<unknown> = toTheBlock,
): Promise<number> {
  let refusals = 0;
  for (const bytes of left) {
    await world.disk.fill(bytes);
    const before = await state();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      assert.equal(
        error.code,
        'no-space',
        `with ${bytes} bytes left: ${error.message}\n${world.log.slice(-2000)}`,
      );
      assert.match(error.message, /free some space/);
      refusals++;
    }
    await assertUnchanged(before, state, `with ${bytes} bytes left`);
  }
  return refusals;
}

test('in the middle of a template import', async () => {
  await writeFile(`${scratch}/large`, randomBytes(30 << 20));
  await writeFile(`${scratch}/small`, 'small');
  await output(['tar', '-C', scratch, '-cf', `${scratch}/large.tar`, 'small', 'large']);
  const before = await toTheBlock();
  const { status, stderr } = await world.cli([
    'template',
    'import',
    'large',
    '--upload',
    `${scratch}/large.tar`,
  ]);
  assert.equal(status, errorTable['no-space'].exitStatus, stderr);
  assert.match(stderr, /free some space/);
  await assertUnchanged(before, toTheBlock);
});

test('in the middle of an export, and of an import: what it takes is told', async () => {
  await world.define(domainXml({ name: 'large' }));
  const large = `${scratch}/large.bin`;
  await writeFile(large, randomBytes(6 << 20));
  await world.client.domains.start({ domain: 'large' });
  await world.ctvirt('push', 'large', large, '/large');
  await world.client.domains.destroy({ domain: 'large' });
  const file = `${scratch}/large.ctvirt.tar.zst`;
  const full = async (words: string[], said: RegExp): Promise<void> => {
    await world.disk.fill(kibibytes(2048));
    const before = await toTheBlock();
    const { status, stderr } = await world.cli(words);
    assert.equal(status, errorTable['no-space'].exitStatus, `${stderr}${world.log.slice(-3000)}`);
    assert.match(stderr, said);
    await assertUnchanged(before, toTheBlock);
    await world.disk.empty();
  };
  const here = `${world.root}/large.ctvirt.tar.zst`;
  await full(['export', 'large', here], /no space left for .*: the domain's files hold 6\d{6} bytes/);
  await world.ctvirt('export', 'large', file);
  await world.erase('large');
  await full(['import', file], /no room for the files of the archive: they need about [5-8]\d{6} bytes/);
  const stream = await readFile(file);
  await world.disk.fill(kibibytes(2048));
  const before = await toTheBlock();
  const importing = world.startCli(['import', '-'], 'pipe');
  importing.stdin?.on('error', () => undefined); // it ends with what reads it
  importing.stdin?.end(stream);
  assert.deepEqual((await once(importing, 'close'))[0], errorTable['no-space'].exitStatus);
  await assertUnchanged(before, toTheBlock);
  await world.disk.empty();
  await world.ctvirt('import', file);
  await world.erase('large');
});

test('in the middle of a define, at every block of it', async () => {
  const xml = domainXml({ name: 'full' });
  const left = Array.from({ length: 14 }, (_, blocks) => kibibytes(blocks));
  const refusals = await atEachFilling([...left, kibibytes(64)], async () => {
    await world.define(xml);
    await world.erase('full');
  });
  assert.ok(refusals > 3 && refusals <= left.length, `${refusals} refusals`);
});

test('in the middle of making an image', async () => {
  const xml = domainXml({ name: 'full', filesystems: [limited] });
  const left = [0, 1, 4, 8, 16, 64, 256, 512, 1024, 2048, 4096].map(kibibytes);
  const refusals = await atEachFilling(left, async () => {
    await world.define(xml);
    await world.erase('full');
  });
  assert.ok(refusals > 3 && refusals < left.length, `${refusals} refusals`);
});

test('in the middle of a new definition: the old one stands, files and all', async () => {
  await world.run(domainXml({ name: 'stands', more: '<title>old</title>' }));
  await world.shell('stands', 'echo precious > /file');
  const second = limited.replace("dir='/'", "dir='/more'");
  const changed = domainXml({
    name: 'stands',
    filesystems: [templateRoot, second],
    more: '<title>new</title>',
  });
  await world.client.domains.destroy({ domain: 'stands' });
  const old = await world.client.domains.xml({ domain: 'stands' });
  await atEachFilling([0, 2, 4, 8, 16].map(kibibytes), async () => {
    await world.define(changed);
    assert.fail('there is no room for an image');
  });
  assert.equal(await world.client.domains.xml({ domain: 'stands' }), old);
  await world.disk.empty();
  await world.client.domains.start({ domain: 'stands' });
  assert.equal(await world.shell('stands', 'cat /file'), 'precious');
});

test('in the middle of a start', async () => {
  await world.define(domainXml({ name: 'starts' }));
  const left = Array.from({ length: 14 }, (_, blocks) => kibibytes(blocks));
  const work = async () => {
    await world.client.domains.start({ domain: 'starts' });
    await world.client.domains.destroy({ domain: 'starts' });
  };
  // What a start writes into the domain's own layer stays there.
  const refusals = await atEachFilling(left, work, () => world.everything());
  assert.ok(refusals > 0, `${refusals} refusals`);
});

const lan = `<network><name>lan</name><forward mode='nat'/><ip address='10.99.30.1' prefix='24'>
  <dhcp><range start='10.99.30.10' end='10.99.30.99'/></dhcp></ip></network>`;
const onLan = "<interface type='network'><source network='lan'/></interface>";

test('in the middle of the definition of a network, of its start, and of a domain on it', async () => {
  const { networks, domains } = world.client;
  const left = Array.from({ length: 10 }, (_, blocks) => kibibytes(blocks));
  const definition = async () => {
    await networks.define({ body: lan });
    await networks.undefine({ network: 'lan' });
  };
  const defining = await atEachFilling([...left, kibibytes(64)], definition);
  assert.ok(defining > 1 && defining <= left.length, `${defining} refusals`);
  await world.disk.empty();
  await networks.define({ body: lan });
  const starting = await atEachFilling([...left, kibibytes(64)], async () => {
    await networks.start({ network: 'lan' });
    await networks.stop({ network: 'lan' });
  });
  assert.ok(starting > 3 && starting <= left.length, `${starting} refusals`);
  await world.disk.empty();
  await networks.start({ network: 'lan' });
  await world.define(domainXml({ name: 'on-it', interfaces: [onLan] }));
  const work = async () => {
    await domains.start({ domain: 'on-it' });
    await domains.destroy({ domain: 'on-it' });
  };
  // What all containers share is there from now on.
  await work();
  await atEachFilling([...left, kibibytes(64)], work, () => world.everything());
  // dnsmasq cannot write down to whom it has given what: the container has its address, and goes on.
  await world.disk.empty();
  await domains.start({ domain: 'on-it' });
  await world.disk.fill();
  assert.match(
    await world.shell('on-it', 'udhcpc -i eth0 -n -q -f -t 5 -s /bin/true 2>&1'),
    /lease of 10\.99\.30\.10 obtained/,
  );
  const leases = await networks.leases({ network: 'lan' });
  assert.deepEqual(
    leases.map(({ address }) => address),
    ['10.99.30.10'],
  );
  await networks.stop({ network: 'lan' });
  await world.disk.empty();
  await networks.start({ network: 'lan' });
  await world.shell('on-it', 'ping -c 1 -W 3 10.99.30.1');
  await world.erase('on-it');
  await networks.stop({ network: 'lan' });
  await networks.undefine({ network: 'lan' });
});

test('what runs on a full disk is ended and erased all the same, also by the next daemon', async () => {
  for (const name of ['first', 'second', 'third']) await world.run(domainXml({ name }));
  await world.disk.fill();
  await world.client.domains.destroy({ domain: 'first' });
  await world.client.domains.undefine({ domain: 'first', storage: true });
  await world.disk.fill();
  await world.kill();
  await world.start();
  assert.equal(await world.state('second'), 'running (booted)');
  await world.client.domains.destroy({ domain: 'second' });
  await world.client.domains.undefine({ domain: 'second', storage: true });
  await refused('not-found', world.state('second'));
});

test('on a file system that went read-only nothing is changed, and that is told', async () => {
  await world.define(domainXml({ name: 'stays' }));
  const before = await toTheBlock();
  await world.enclosure.output('mount', '-o', 'remount,ro', world.root);
  try {
    const { define, start, undefine } = world.client.domains;
    const calls = [
      () => define({ body: domainXml({ name: 'new' }) }),
      () => start({ domain: 'stays' }),
      () => undefine({ domain: 'stays', storage: true }),
    ];
    for (const call of calls)
      assert.match((await refused('denied', call())).message, /Read-only file system; mount it read-write/);
    await refused(
      'denied',
      world.client.templates.build({ template: 'new', body: { distribution: 'busybox' } }),
    );
  } finally {
    await world.enclosure.output('mount', '-o', 'remount,rw', world.root);
  }
  await assertUnchanged(before, toTheBlock);
});

test('the command line tells a full disk by its own status', async () => {
  await world.disk.fill();
  const { status, stderr } = await world.cli(['define', '-'], { input: domainXml({ name: 'full' }) });
  assert.equal(status, errorTable['no-space'].exitStatus, stderr);
  assert.match(stderr, /^error: .*No space left on device; free some space/);
});

const nearlyEmpty = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>16</space_hard_limit></filesystem>",
);
for (const [what, filesystem] of Object.entries({
  'a limit of inodes': limited,
  'none but of space': nearlyEmpty,
}))
  test(`a root that is full of files comes up, with ${what}, as often as it is asked to`, async () => {
    await world.disk.empty();
    await world.run(domainXml({ name: 'crammed', filesystems: [filesystem] }));
    const cram = 'i=$(ls /root | wc -l); while touch /root/n$i 2>/dev/null; do i=$((i+1)); done; echo $i';
    const files = Number(await world.shell('crammed', cram));
    assert.ok(files > 1000, `${files} files`);
    for (let starts = 0; starts < 3; starts++) {
      await world.client.domains.destroy({ domain: 'crammed' });
      await world.client.domains.start({ domain: 'crammed' });
      assert.equal(
        Number(await world.shell('crammed', cram)),
        files,
        'what is kept back is not the container’s',
      );
    }
    await world.erase('crammed');
  });

for (const [what, filesystem] of Object.entries({ 'with a journal': limited, 'without one': nearlyEmpty }))
  test(`an image, ${what}, below which the host was full, is repaired by the next start, and that is told`, async () => {
    for (const ends of ['while it is full', 'later']) {
      const domain = await world.run(domainXml({ name: 'sparse', filesystems: [filesystem] }));
      await world.shell(domain, 'mkdir /many; echo precious > /precious; sync');
      await world.disk.fill();
      const many =
        'i=0; while [ $i -lt 200 ]; do mkdir /many/d$i && echo x > /many/d$i/f || break; i=$((i+1)); done; sync';
      await world.exec(domain, '/bin/sh', '-c', many);
      if (ends === 'later') await world.disk.empty();
      await world.client.domains.destroy({ domain });
      await world.disk.empty();
      const before = world.log.length;
      await world.client.domains.start({ domain });
      assert.equal(
        await world.shell(domain, 'echo more > /more; cat /precious /more'),
        'precious\nmore',
        `it ended ${ends}`,
      );
      assert.match(world.log.slice(before), /domain 'sparse': .*root\.img was (damaged|not closed)/);
      await world.client.domains.destroy({ domain });
      const image = `${world.root}/lib/roots/${domain}/root.img`;
      await waitFor('its last mount to be gone', async () => !(await isAttached(image)));
      const { status, stdout } = await world.enclosure.run(['/usr/sbin/e2fsck', '-f', '-n', image]);
      assert.equal(status, 0, stdout);
      await world.erase(domain);
    }
  });

test('a start on a disk without room for a repair says so, and the next one goes on', async () => {
  const domain = await world.run(domainXml({ name: 'sparse', filesystems: [nearlyEmpty] }));
  await world.disk.fill();
  await world.exec(domain, '/bin/sh', '-c', 'mkdir /d /e /f; sync');
  await world.client.domains.destroy({ domain });
  const start = () => world.client.domains.start({ domain });
  for (let times = 0; times < 3; times++) {
    await world.disk.fill();
    await start().then(
      () => world.client.domains.destroy({ domain }),
      (error: unknown) => assert.equal(error instanceof ApiError && error.code, 'no-space', String(error)),
    );
  }
  await world.disk.empty();
  await start();
  await world.shell(domain, 'echo more > /more && cat /more');
});

async function isAttached(image: string): Promise<boolean> {
  return (await output(['/usr/sbin/losetup', '--list', '--noheadings', '--output', 'BACK-FILE'])).includes(
    image,
  );
}
