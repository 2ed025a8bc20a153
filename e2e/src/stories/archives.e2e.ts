// A container becomes an archive and a container again, here or elsewhere: file by file what it was, or nothing at all.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainXml, templateRoot } from '../world/documents.js';
import { asEarlier } from '../world/earlier-layers.js';
import { describeTree } from '../world/tree.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const ctvirt = (...words: string[]): Promise<string> => world.ctvirt(...words);

async function refusal(...words: string[]): Promise<string> {
  const { status, stderr } = await world.cli(words);
  assert.notEqual(status, 0, words.join(' '));
  return stderr;
}

/** What a domain has made of its template. */
const work = `
  set -e
  umask 022
  mkdir /srv/work && cd /srv/work
  echo hers >hers && chown 1000:100 hers && chmod 4750 hers
  ln hers again && ln -s /etc/group link && ln -s ../../../../out climbs
  truncate -s 3G hole && echo end >>hole
  mkfifo pipe && mkdir -m 1777 open && touch "open/with a blank"
  echo dot >.dot
  rm /etc/passwd /etc/group
  rm -r /root; mkdir /root; echo new >/root/only
`;

/** What only the host may write: attributes, lists and capabilities, as python has calls for them. */
const attributes = `
import os, struct, sys
root = sys.argv[1]
def acl(*entries): return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *one) for one in entries)
nobody = 0xffffffff
named = ((1, 6, nobody), (2, 6, 1000), (4, 4, nobody), (8, 4, 55), (16, 6, nobody), (32, 4, nobody))
work = root + '/srv/work/'
os.setxattr(work + '.dot', 'system.posix_acl_access', acl(*named))
os.setxattr(work + 'open', 'system.posix_acl_default', acl((1, 7, nobody), (2, 7, 7), (4, 5, nobody), (16, 7, nobody), (32, 5, nobody)))
os.setxattr(work + '.dot', 'user.a%b=c', b'x\\0y')
os.setxattr(work + 'again', 'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0))
os.setxattr(root + '/root', 'user.of a folder', b'')
os.chdir(os.fsencode(root) + b'/srv/work')
for name in (b'new\\nline', b'\\xff\\xfe no text', b'x' * 255, b'-rf', b'\\\\n', b'./.'[2:] + b'..', b'tab\\t"quoted"', b'*'):
  with open(name, 'wb') as file: file.write(name)
os.makedirs(b'one/two'); os.makedirs(b'three/\\xe9')
os.link(b'new\\nline', b'one/two/\\xff linked'); os.link(b'x' * 255, b'three/\\xe9/' + b'y' * 255)
os.symlink(b'\\xff\\xfe no text', b'one/to bytes'); os.symlink(b'z' * 900, b'long')
deep = b'd' * 9
for _ in range(300): os.mkdir(deep); os.chdir(deep)
with open(b'bottom', 'w') as file: file.write('deep')
os.chdir(root + '/srv/work')
for start in (0, 4096, 10**6, 2**33 - 10):
  with open('holes', 'ab') as file: file.truncate(start); file.seek(start); file.write(b'end of a stretch')
with open('only a hole', 'w') as file: file.truncate(12345678)
os.utime('holes', ns=(0, 1234567890123456789)); os.utime('long', ns=(0, 987654321), follow_symlinks=False)
os.chmod('open', 0o3777); os.chown('long', 1000, 100, follow_symlinks=False)
`;

/** What a folder of the host has, by the ids that a container sees there. */
const sharedWork = `
import os, struct, sys
os.chdir(sys.argv[1])
os.makedirs('one/two')
with open('one/page', 'w') as file: file.write('a page')
os.chown('one/page', 1000, 33); os.chmod('one/page', 0o2640)
os.link('one/page', 'one/two/again'); os.symlink('../up', 'link'); os.mkfifo('pipe')
os.setxattr('one/page', 'user.note', b'kept')
with open('hole', 'w') as file: file.truncate(2**31)
os.makedirs(b'caf\\xe9/au')
`;

const python = (program: string, path: string): string =>
  execFileSync('python3', ['-c', program, path], { encoding: 'utf8', maxBuffer: 2 ** 26 });

const described = (domain: string): Promise<string[]> => world.look(domain, describeTree);

const limited = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`;

/** What it hides of its template, as the layer has it. */
const hidden = (domain: string): string => {
  const upper = join(world.root, 'lib/roots', domain, 'root.layer/upper');
  const opaque = 'getfattr -R --absolute-names -h -m trusted.overlay.opaque . 2>/dev/null | grep ^# | sort';
  const script = `cd '${upper}'; find . -type c -print | sort; ${opaque}`;
  return execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
};

for (const [what, root, isEarlier] of [
  ['a folder', templateRoot, false],
  ['an image', limited, false],
  ['a layer of an earlier version, with ids of the host', templateRoot, true],
] as const)
  test(`a domain on ${what} is the same after export and import, file by file, under other ids`, async () => {
    const name = 'shop';
    const file = `${world.host}/shop.ctvirt.tar.zst`;
    await world.define(domainXml({ name, filesystems: [root] }));
    if (isEarlier) await asEarlier(world, name);
    await ctvirt('start', name, '--wait');
    await world.shell(name, work);
    await ctvirt('destroy', name);
    await world.look(name, (path) => python(attributes, path));
    const before = await described(name);
    for (const part of ['system.posix_acl_default', 'bottom', 'new\\nline', "'\\udcff\\udcfe no text'"])
      assert.ok(
        before.some((line) => line.includes(part)),
        part,
      );
    const hides = root === templateRoot && !isEarlier ? hidden(name) : undefined;
    assert.ok(hides === undefined || (/etc\/passwd/.test(hides) && /root$/m.test(hides)), hides);
    const xml = await ctvirt('dumpxml', name);
    await ctvirt('export', name, file);
    assert.match(await refusal('export', name, file), /there is a file/);
    // What is taken is refused by name, and nothing is written.
    assert.match(await refusal('import', file), /domain 'shop' is already defined/);
    assert.match(await refusal('import', file, '--name', 'other'), /UUID/);
    await ctvirt('undefine', name, '--storage');
    await ctvirt('import', file);
    assert.equal(await ctvirt('dumpxml', name), xml);
    assert.deepEqual(await described(name), before);
    if (hides !== undefined) assert.equal(hidden(name), hides);
    await ctvirt('start', name, '--wait');
    assert.equal(
      await world.shell(name, 'cat /srv/work/.dot; ls /root; ls /etc/passwd || true'),
      'dot\nonly',
    );
    await ctvirt('destroy', name);
    // By standard output and input, as another domain.
    const exporting = world.startCli(['export', name, '-']);
    const importing = world.startCli(['import', '-', '--name', 'twin', '--new-ids'], 'pipe');
    assert.ok(exporting.stdout !== null && importing.stdin !== null);
    exporting.stdout.pipe(importing.stdin);
    const [[status], [imported]] = await Promise.all([once(exporting, 'close'), once(importing, 'close')]);
    assert.deepEqual([status, imported], [0, 0]);
    assert.notEqual(
      (await world.client.domains.summary({ domain: 'twin' })).uuid,
      xml.match(/<uuid>(.*)</)?.[1],
    );
    await ctvirt('start', 'twin', '--wait');
    assert.equal(await world.shell('twin', 'hostname; cat /root/only'), 'twin\nnew');
    await ctvirt('destroy', 'twin');
    rmSync(file);
  });

test('what is the host’s is told, in the archive, in words and by the status, when it is written and when it is read', async () => {
  const file = `${world.host}/shop.ctvirt.tar.zst`;
  const shared = `<filesystem type='mount'><source dir='${world.host}'/><target dir='/srv/shared'/></filesystem>`;
  await world.define(domainXml({ name: 'shop', filesystems: [templateRoot, shared] }));
  const left = new RegExp(`since it is the host's: mount ${world.host} at /srv/shared`);
  const written = await world.cli(['export', 'shop', file]);
  assert.equal(written.status, 1);
  assert.match(written.stderr, left);
  const manifest = JSON.parse(
    execFileSync('tar', ['--zstd', '-xOf', file, './manifest.json'], { encoding: 'utf8' }),
  );
  assert.deepEqual(manifest.outside, [{ kind: 'mount', source: world.host, target: '/srv/shared' }]);
  assert.deepEqual([manifest.name, manifest.ids], ['shop', { base: 0, count: 65536 }]);
  const members = execFileSync('tar', ['--zstd', '-tf', file], { encoding: 'utf8' }).trim().split('\n');
  assert.deepEqual([...members.slice(0, 2), members.at(-1)], ['./manifest.json', './domain.xml', './END']);
  const streamed = await world.cli(['export', 'shop', '-']);
  assert.equal(streamed.status, 1);
  assert.match(streamed.stderr, left);
  await ctvirt('undefine', 'shop', '--storage');
  const read = await world.cli(['import', file]);
  assert.equal(read.status, 1);
  assert.match(read.stderr, left);
  rmSync(file);
});

test('folders of the host go along where that is wanted, and come to where the importer says, or nowhere', async () => {
  const file = `${world.host}/shop.ctvirt.tar.zst`;
  const here = `${world.host}/shared`;
  mkdirSync(here);
  python(sharedWork, here);
  const shared = `<filesystem type='mount'><source dir='${here}'/><target dir='/srv/shared'/></filesystem>`;
  const single = `<filesystem type='mount'><source dir='${world.host}/single'/><target dir='/srv/single'/></filesystem>`;
  writeFileSync(`${world.host}/single`, 'a file');
  await world.define(domainXml({ name: 'shop', filesystems: [templateRoot, shared, single] }));
  const before = describeTree(here);
  for (const state of ['shutoff', 'running']) {
    if (state === 'running') await ctvirt('start', 'shop', '--wait');
    const written = await world.cli(['export', 'shop', file, '--with-mounts']);
    // A file that stands in the container is none of its folders.
    assert.equal(written.status, 1, written.stderr);
    assert.match(written.stderr, /the host's: mount .*single at/);
    assert.doesNotMatch(written.stderr, /the host's: mount .*shared at/);
    if (state === 'shutoff') rmSync(file);
  }
  await ctvirt('snapshot', 'create', 'shop', 'one');
  assert.match(
    await refusal('export', 'shop', `${file}.ctvirt.tar.zst`, '--with-mounts', '--snapshot', 'one'),
    /a snapshot has none of the folders/,
  );
  const again = `${world.host}/again`;
  const names = ['--name', 'more', '--new-ids'];
  const told = await world.cli(['import', file, ...names]);
  assert.equal(told.status, 1);
  assert.match(told.stderr, /the archive has the files of \/srv\/shared, .*--mount DIRECTORY:\/srv\/shared/);
  await ctvirt('undefine', 'more', '--storage');
  assert.match(await refusal('import', file, ...names, '--mount', `${here}:/srv/shared`), /no empty folder/);
  assert.match(
    await refusal('import', file, ...names, '--mount', `${again}:/srv/other`),
    /has no files of \/srv\/other/,
  );
  const cut = `${world.host}/cut`;
  writeFileSync(cut, readFileSync(file).subarray(0, -200));
  await refusal('import', cut, ...names, '--mount', `${again}:/srv/shared`);
  assert.ok(!existsSync(again), 'nothing of it stays');
  mkdirSync(again, { mode: 0o750 });
  await refusal('import', cut, ...names, '--mount', `${again}:/srv/shared`);
  assert.deepEqual(readdirSync(again), [], 'nor in a folder that was there');
  rmSync(again, { recursive: true });
  // Whose folder it would be in could put a link in its place.
  const others = `${world.host}/others`;
  mkdirSync(others);
  chownSync(others, 1000, 1000);
  assert.match(
    await refusal('import', file, ...names, '--mount', `${others}/again:/srv/shared`),
    /others can be changed by others than root/,
  );
  assert.deepEqual(readdirSync(others), []);
  rmSync(others, { recursive: true });
  const placed = await world.cli(['import', file, ...names, '--mount', `${again}:/srv/shared`]);
  assert.doesNotMatch(placed.stderr, /shared/);
  assert.deepEqual(describeTree(again), before);
  assert.match(await ctvirt('dumpxml', 'more'), new RegExp(`<source dir='${again}'/>`));
  assert.deepEqual(describeTree(here), before);
  for (const path of [file, cut, here, again, `${world.host}/single`]) rmSync(path, { recursive: true });
});

test('an archive that is cut off, changed or none is refused, and so is one whose template is not here; nothing is kept', async () => {
  const file = `${world.host}/shop.ctvirt.tar.zst`;
  await world.define(domainXml({ name: 'shop', filesystems: [templateRoot] }));
  await ctvirt('export', 'shop', file);
  await ctvirt('undefine', 'shop', '--storage');
  const tar = `${world.host}/shop.tar`;
  const whole = execFileSync('zstd', ['-dcq', file], { maxBuffer: 2 ** 28 });
  const refused = async (bytes: Buffer, said: RegExp): Promise<void> => {
    writeFileSync(tar, bytes);
    assert.match(await refusal('import', tar), said);
    assert.deepEqual(
      readdirSync(join(world.root, 'lib/roots')).filter((name) => !name.includes('~')),
      [],
    );
    assert.deepEqual(readdirSync(join(world.root, 'lib/domains')), []);
  };
  await refused(whole.subarray(0, whole.length - 4096), /ends in the middle|incomplete/);
  const end = whole.lastIndexOf('./END\0');
  // A whole archive of tar, without its end.
  await refused(Buffer.concat([whole.subarray(0, end), Buffer.alloc(1024)]), /incomplete or damaged/);
  const changed = Buffer.from(whole);
  const xml = changed.indexOf('<domain');
  changed.write('<!--', changed.indexOf('\n', xml) - 1, 'latin1');
  const other = Buffer.from(whole);
  // A second less: all is well but for the digest.
  other[end + 512] = other[end + 512] === 0x30 ? 0x31 : 0x30;
  await refused(other, /damaged: its digest/);
  await refused(changed, /document/);
  await refused(Buffer.from('no archive'), /no archive/);
  // Neither what it was made of nor its tree is known here.
  const elsewhere = Buffer.from(whole);
  const digest = whole.indexOf('sha256:');
  for (const at of [digest, whole.indexOf('sha256:', digest + 1)])
    elsewhere.write('0'.repeat(64), at + 7, 'latin1');
  await refused(elsewhere, new RegExp(`template '${busybox}' \\(sha256:0{64}\\), which is not here`));
  for (const path of [file, tar]) rmSync(path);
});

test('an archive brings its template where that is missing, under a name that is free, and no one is taken for another', async () => {
  const file = `${world.host}/shop.ctvirt.tar.zst`;
  const tar = `${world.host}/own.tar`;
  const rootfs = join(world.root, 'lib/templates', busybox, 'rootfs');
  const make = async (page: string): Promise<void> => {
    writeFileSync(join(world.host, 'page'), page);
    execFileSync('tar', ['-cf', tar, '--numeric-owner', '-C', rootfs, '.', '-C', world.host, './page']);
    await ctvirt('template', 'import', 'own', tar);
    rmSync(tar);
  };
  await make('of the template');
  await world.define(
    domainXml({ name: 'shop', filesystems: [templateRoot.replace(`'${busybox}'`, "'own'")] }),
  );
  await ctvirt('start', 'shop', '--wait');
  await world.shell('shop', 'echo mine >/srv/page; rm /etc/passwd');
  await ctvirt('destroy', 'shop');
  const before = await described('shop');
  await ctvirt('export', 'shop', file, '--with-template');
  const manifest = JSON.parse(
    execFileSync('tar', ['--zstd', '-xOf', file, './manifest.json'], { encoding: 'utf8' }),
  );
  assert.equal(manifest.templates.length, 1);
  const [{ name, digest, tree }] = manifest.templates;
  assert.deepEqual([name, digest], ['own', manifest.layers[0].template.digest]);
  // Where it is there, it stays, and what came with the archive is passed over.
  await ctvirt('import', file, '--name', 'twin', '--new-ids');
  for (const one of ['shop', 'twin']) await ctvirt('undefine', one, '--storage');
  await ctvirt('template', 'remove', 'own');
  await make('of another one');
  const templates = async () =>
    (await world.client.templates.list()).map((one) => `${one.name} ${one.digest}`);
  const there = await templates();
  const { status, stderr } = await world.cli(['import', file]);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /template 'own-2' came with the archive/);
  // What it was made of elsewhere is not said of it here: nobody could check that.
  assert.deepEqual(await templates(), [...there, `own-2 ${tree}`].sort());
  assert.deepEqual(await described('shop'), before);
  await ctvirt('start', 'shop', '--wait');
  assert.equal(await world.shell('shop', 'cat /page /srv/page'), 'of the templatemine');
  await ctvirt('destroy', 'shop');
  assert.match(await refusal('import', file), /'shop' is already defined/);
  await ctvirt('import', file, '--name', 'more', '--new-ids');
  assert.deepEqual(await templates(), [...there, `own-2 ${tree}`].sort());
  for (const one of ['shop', 'more']) await ctvirt('undefine', one, '--storage');
  for (const one of ['own', 'own-2']) await ctvirt('template', 'remove', one);
  // Another tree than the one that is said.
  const whole = execFileSync('zstd', ['-dcq', file], { maxBuffer: 2 ** 28 });
  whole.write('other', whole.indexOf('of the template'), 'latin1');
  writeFileSync(tar, whole);
  assert.match(await refusal('import', tar), /digest/);
  assert.deepEqual(
    await templates(),
    there.filter((one) => !one.startsWith('own ')),
  );
  for (const path of [file, tar]) rmSync(path);
});

test('a daemon that is killed while it writes or reads an archive leaves nothing that the next one does not remove', async () => {
  const file = `${world.host}/large.ctvirt.tar.zst`;
  await world.define(domainXml({ name: 'large', filesystems: [templateRoot] }));
  await world.look('large', (path) => writeFileSync(join(path, 'large'), randomBytes(2 ** 27)));
  const roots = join(world.root, 'lib/roots');
  const jobs = async () => (await world.client.jobs.list()).filter(({ state }) => state === 'running');
  /** Killed while it is under way: both take longer than that by far. */
  const kill = async (words: string[]): Promise<void> => {
    const running = world.cli(words);
    while (!(await jobs()).some(({ progress }) => (progress?.done ?? 0) > 0)) await sleep(2);
    await world.kill();
    assert.notEqual((await running).status, 0);
    await world.start();
    assert.deepEqual((await world.client.check.list()).stray, []);
  };
  const before = readdirSync(dirname(file));
  await kill(['export', 'large', file]);
  assert.deepEqual(readdirSync(dirname(file)), before);
  // Who asked for it goes as well: what is not wanted any more is not written either.
  const asking = world.startCli(['export', 'large', file]);
  while (!(await jobs()).some(({ progress }) => (progress?.done ?? 0) > 0)) await sleep(2);
  asking.kill('SIGKILL');
  while ((await jobs()).length > 0) await sleep(20);
  assert.deepEqual(readdirSync(dirname(file)), before);
  await ctvirt('export', 'large', file);
  await kill(['import', file, '--name', 'more', '--new-ids']);
  assert.deepEqual(readdirSync(roots), ['large']);
  assert.deepEqual(
    (await world.client.domains.list({})).map(({ name }) => name),
    ['large'],
  );
  await ctvirt('import', file, '--name', 'more', '--new-ids');
  rmSync(file);
});

test('who goes away in the middle leaves nothing of what came, and nothing under way', async () => {
  const file = `${world.host}/large.ctvirt.tar.zst`;
  await world.define(domainXml({ name: 'large', filesystems: [templateRoot] }));
  await world.look('large', (path) => writeFileSync(join(path, 'large'), randomBytes(2 ** 24)));
  await ctvirt('export', 'large', file);
  const bytes = readFileSync(file);
  const importing = world.startCli(['import', '-', '--name', 'more', '--new-ids'], 'pipe');
  importing.stdin?.on('error', () => undefined); // it ends with what reads it
  importing.stdin?.write(bytes.subarray(0, bytes.length >> 1));
  const jobs = async () => (await world.client.jobs.list()).filter(({ state }) => state === 'running');
  while ((await jobs()).length === 0) await sleep(50);
  importing.kill('SIGINT');
  await once(importing, 'close');
  while ((await jobs()).length > 0) await sleep(50);
  const roots = (): string[] => readdirSync(join(world.root, 'lib/roots'));
  while (roots().length > 1) await sleep(50);
  assert.deepEqual(roots(), ['large']);
  assert.deepEqual((await world.client.check.list()).stray, []);
  await ctvirt('import', file, '--name', 'more', '--new-ids');
  rmSync(file);
});

test('who reads an archive may go away in the middle, and sockets are told wherever it is written to', async () => {
  await world.run(domainXml({ name: 'large', filesystems: [templateRoot] }));
  await world.shell('large', 'dd if=/dev/urandom of=/large bs=1M count=32 2>/dev/null');
  const file = `${world.host}/large.ctvirt.tar.zst`;
  const bind =
    'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind("run.sock")';
  await ctvirt('destroy', 'large');
  await world.look('large', (path) => execFileSync('python3', ['-c', bind, join(path, 'srv')]));
  const left = /the socket \/srv\/run\.sock is left out: who listens makes it anew/;
  for (const state of ['shutoff', 'running']) {
    if (state === 'running') await ctvirt('start', 'large', '--wait');
    const exporting = world.startCli(['export', 'large', '-']);
    assert.ok(exporting.stdout !== null);
    await once(exporting.stdout, 'data');
    exporting.stdout.destroy();
    assert.deepEqual(await once(exporting, 'close'), [2, null]);
    const jobs = async () => (await world.client.jobs.list()).filter((one) => one.state === 'running');
    while ((await jobs()).length > 0) await sleep(20);
    assert.deepEqual(readdirSync(join(world.root, 'lib/roots')), ['large']);
    const { status: whole, stderr } = await world.cli(['export', 'large', file]);
    assert.equal(whole, 0, stderr);
    assert.match(stderr, left);
    rmSync(file);
    assert.match((await world.cli(['export', 'large', '-'])).stderr, left);
  }
});

test('a clone has the files and an identity of its own, and tells what it has not', async () => {
  const link =
    "<interface type='ethernet'><mac address='02:00:00:00:00:09'/><ip address='10.9.9.9'/></interface>";
  await world.define(
    domainXml({ name: 'shop', filesystems: [limited] }).replace('</devices>', `${link}</devices>`),
  );
  await ctvirt('start', 'shop', '--wait');
  await world.shell('shop', work);
  await ctvirt('destroy', 'shop');
  const before = await described('shop');
  const { status, stderr } = await world.cli(['clone', 'shop', 'twin']);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /has not the address 10\.9\.9\.9/);
  assert.match(await refusal('clone', 'shop', 'twin'), /'twin' is already defined/);
  const isOwn = (line: string): boolean => /^\['etc'|etc\/(?:hostname|hosts|machine-id|ssh)/.test(line);
  assert.deepEqual(
    (await described('twin')).filter((line) => !isOwn(line)),
    before.filter((line) => !isOwn(line)),
  );
  const [one, two] = await Promise.all(['shop', 'twin'].map((name) => ctvirt('dumpxml', name)));
  for (const own of [/<uuid>(.*)</, /<mac address='(.*?)'/])
    assert.notEqual(own.exec(one ?? '')?.[1], own.exec(two ?? '')?.[1]);
  await Promise.all(['shop', 'twin'].map((name) => ctvirt('start', name, '--wait')));
  assert.equal(await world.shell('twin', 'hostname; cat /root/only'), 'twin\nnew');
});

/** Writes one file after the other, each whole when it has its last name, and counts them. */
const writer =
  'mkdir /srv/log; n=0; (while :; do n=$((n+1)); echo "line $n" >/srv/log/new; mv /srv/log/new "/srv/log/$n"; busybox usleep 5000; done) >/dev/null 2>&1 &';

for (const [what, root] of [
  ['a folder', templateRoot],
  ['an image', limited],
] as const) {
  test(`a domain on ${what} that runs is cloned and exported as it is at one moment, and goes on`, async () => {
    const file = `${world.host}/shop.ctvirt.tar.zst`;
    await world.run(domainXml({ name: 'shop', filesystems: [root] }));
    await world.shell('shop', work);
    await world.shell('shop', writer);
    const { stdout } = await world.cli(['clone', 'shop', 'twin']);
    assert.match(stdout, /is a copy of 'shop'; its writes waited [0-9.]+ ms/);
    const exported = await ctvirt('export', 'shop', file);
    assert.match(exported, /its writes waited [0-9.]+ ms/);
    await ctvirt('import', file, '--name', 'more', '--new-ids');
    const count = 'ls /srv/log | grep -vc new';
    const then = Number(await world.shell('shop', count));
    await ctvirt('start', 'twin', '--wait');
    await ctvirt('start', 'more', '--wait');
    // Of one moment: none is missing before the last.
    const gaps =
      'cd /srv/log; n=$(ls | grep -vc new); for i in $(seq $n); do grep -q "line $i" $i || echo $i; done';
    for (const name of ['twin', 'more']) {
      assert.equal(await world.shell(name, gaps), '');
      assert.equal(await world.shell(name, 'cat /srv/work/.dot; ls /root; hostname'), `dot\nonly\n${name}`);
      assert.ok(Number(await world.shell(name, count)) <= then);
    }
    assert.ok(Number(await world.shell('shop', count)) > 0);
    const before = Number(await world.shell('shop', count));
    await sleep(300);
    assert.ok(Number(await world.shell('shop', count)) > before, 'it goes on');
    assert.equal((await world.client.domains.summary({ domain: 'shop' })).state, 'running');
    assert.ok(readdirSync(join(world.root, 'lib/roots')).every((name) => !name.startsWith('.')));
    rmSync(file);
  });

  test(`a domain on ${what} is cloned and exported as a snapshot has it`, async () => {
    const file = `${world.host}/shop.ctvirt.tar.zst`;
    await world.run(domainXml({ name: 'shop', filesystems: [root] }));
    await world.shell('shop', 'echo then >/srv/page');
    await ctvirt('snapshot', 'create', 'shop', 'before');
    await world.shell('shop', 'echo now >/srv/page');
    for (const stop of [false, true]) {
      if (stop) await ctvirt('destroy', 'shop');
      await ctvirt('clone', 'shop', 'twin', '--snapshot', 'before');
      await ctvirt('export', 'shop', file, '--snapshot', 'before');
      await ctvirt('import', file, '--name', 'more', '--new-ids');
      for (const name of ['twin', 'more']) {
        await ctvirt('start', name, '--wait');
        assert.equal(await world.shell(name, 'cat /srv/page'), 'then');
        await ctvirt('destroy', name);
        await ctvirt('undefine', name, '--storage');
      }
      rmSync(file);
    }
    assert.match(await refusal('clone', 'shop', 'twin', '--snapshot', 'none'), /has no snapshot 'none'/);
    assert.match(await refusal('export', 'shop', file, '--snapshot', 'none'), /has no snapshot 'none'/);
    assert.deepEqual(
      await ctvirt('snapshot', 'diff', 'shop', 'before').then((text) => /srv\/page/.test(text)),
      true,
    );
    await ctvirt('start', 'shop', '--wait');
    assert.equal(await world.shell('shop', 'cat /srv/page'), 'now');
  });
}

test('a daemon that is killed while it copies what runs lets it go on, and leaves nothing', async () => {
  const file = `${world.host}/large.ctvirt.tar.zst`;
  const large = limited.replace('>40<', '>400<');
  await world.run(domainXml({ name: 'large', filesystems: [large] }));
  await world.shell('large', 'dd if=/dev/urandom of=/large bs=1M count=250 2>/dev/null');
  await world.shell('large', writer);
  const roots = join(world.root, 'lib/roots');
  for (const words of [
    ['clone', 'large', 'twin'],
    ['export', 'large', file],
  ]) {
    const running = world.cli(words);
    while (!readdirSync(roots).some((name) => name.startsWith('.new-'))) await sleep(2);
    await sleep(50);
    await world.kill();
    assert.notEqual((await running).status, 0);
    await world.start();
    assert.deepEqual((await world.client.check.list()).stray, []);
    assert.deepEqual(readdirSync(roots), ['large']);
    const count = 'ls /srv/log | wc -l';
    const before = Number(await world.shell('large', count));
    await sleep(300);
    assert.ok(Number(await world.shell('large', count)) > before, `it goes on after ${words[0]}`);
  }
  assert.deepEqual(
    readdirSync(dirname(file)).filter((name) => name.includes('.new-')),
    [],
  );
});

test('what runs and has ids of the host on disk is copied file by file, under the ids of the copy', async () => {
  await world.define(domainXml({ name: 'shop', filesystems: [limited] }));
  await asEarlier(world, 'shop');
  await ctvirt('start', 'shop', '--wait');
  await world.shell('shop', work);
  assert.match(await ctvirt('clone', 'shop', 'twin'), /its writes waited/);
  await ctvirt('destroy', 'shop');
  const files = (lines: string[]): string[] => lines.filter((line) => line.includes('srv/work'));
  assert.deepEqual(files(await described('twin')), files(await described('shop')));
});
