// The Debian package as dpkg sees it; `npm run test:fresh -- --only package` installs it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeDebianPackage } from './package/debian.mjs';

const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const folder = mkdtempSync('/tmp/ctvirt-deb-');
after(() => rmSync(folder, { recursive: true }));
const tree = join(folder, 'tree');
/** @param {string} path */
const read = (path) => readFileSync(join(tree, path), 'utf8');

before(async () => {
  const path = await makeDebianPackage({ version: '1.2.3', arch, out: folder, compression: 'none' });
  assert.equal(path, join(folder, `ctvirt_1.2.3_${arch}.deb`));
  execFileSync('dpkg-deb', ['--raw-extract', path, tree]);
});

test('it says what it is, and asks for nothing that is essential', () => {
  const control = read('DEBIAN/control');
  assert.match(control, new RegExp(`^Package: ctvirt\nVersion: 1\\.2\\.3\n.*Architecture: ${arch}\n`, 's'));
  const [, depends] = /^Depends: (.*)$/m.exec(control) ?? [];
  for (const name of ['libc6', 'lxc', 'lxcfs', 'nftables', 'libseccomp2'])
    assert.match(depends, new RegExp(`\\b${name}\\b`));
  assert.doesNotMatch(depends, /\b(tar|gzip|util-linux|nodejs)\b/);
});

test('its programs run from where they lie, with the Node beside them', () => {
  const programs = join(tree, 'usr/lib/ctvirt');
  for (const name of readdirSync(join(tree, 'usr/bin'))) {
    const program = join(tree, 'usr/bin', name);
    assert.match(readFileSync(program, 'utf8'), /^#!\/usr\/lib\/ctvirt\/ctvirt-node\n/, name);
    assert.equal(statSync(program).mode & 0o777, 0o755, name);
  }
  const said = execFileSync(
    join(programs, 'ctvirt-node'),
    [join(programs, 'ctvirt.cjs'), 'version', '--client'],
    {
      encoding: 'utf8',
      env: {},
    },
  );
  assert.match(said, /\d+\.\d+\.\d+/);
  execFileSync(join(programs, 'ctvirt-node'), [join(programs, 'ctvirtd.mjs'), '--help'], { env: {} });
  assert.match(readFileSync(join(programs, 'console/index.html'), 'utf8'), /<div id="app">/);
  const vzctl = [join(tree, 'usr/sbin/vzctl'), '--version'];
  const like = execFileSync(join(programs, 'ctvirt-node'), vzctl, { encoding: 'utf8', env: {} });
  assert.match(like, /^vzctl version 4\./);
});

test('manual pages, completions, units and licences are where Debian has them', () => {
  for (const page of ['man1/ctvirt.1', 'man8/ctvirtd.8', 'man5/ctvirtd.conf.5']) {
    const text = execFileSync('zcat', [join(tree, 'usr/share/man', `${page}.gz`)], { encoding: 'utf8' });
    assert.match(text, /^\.TH CTVIRT/, page);
  }
  for (const name of readdirSync(join(tree, 'usr/sbin')))
    execFileSync('zcat', [join(tree, `usr/share/man/man8/${name}.8.gz`)]);
  assert.match(read('usr/share/bash-completion/completions/ctvirt'), /^complete -F _ctvirt ctvirt$/m);
  assert.match(read('usr/share/zsh/vendor-completions/_ctvirt'), /^#compdef ctvirt\n/);
  assert.match(read('usr/share/fish/vendor_completions.d/ctvirt.fish'), /^complete -c ctvirt/m);
  assert.match(read('usr/lib/systemd/system/ctvirtd.service'), /^ExecStart=\/usr\/bin\/ctvirtd /m);
  const licences = execFileSync('zcat', [join(tree, 'usr/share/doc/ctvirt/third-party.txt.gz')], {
    encoding: 'utf8',
  });
  for (const name of ['koffi', 'fastify', 'Node'])
    assert.match(licences, new RegExp(`^${name}\\b`, 'm'), name);
});

test('its configuration is kept by dpkg', () => {
  const kept = read('DEBIAN/conffiles').trim().split('\n');
  assert.ok(kept.includes('/etc/ctvirt/ctvirtd.conf'));
  assert.ok(kept.includes('/etc/ctvirt/profiles/ve-vps.basic.conf-sample'));
  for (const path of kept) read(path);
});

test('its scripts are ones that sh can read', () => {
  for (const name of ['postinst', 'prerm', 'postrm']) execFileSync('sh', ['-n', join(tree, 'DEBIAN', name)]);
});

test('who runs is told without what only terminals read', async () => {
  // Node would fill the name up with NULs.
  const listen =
    'socket my $in, 1, 1, 0; bind $in, pack "Sa*", 1, "\\0/run/ctvirt/lxc/x/evil\\e[31m * $$/command" or die; $| = 1; print "up"; <STDIN>';
  const listener = spawn('perl', ['-e', listen], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(listener.stdout, 'data');
  try {
    for (const script of ['prerm', 'postrm']) {
      const [found = ''] = /^running\(\) \{.*?^\}$/ms.exec(read(`DEBIAN/${script}`)) ?? [];
      const said = execFileSync('sh', ['-c', `${found}\nrunning`], { encoding: 'utf8' });
      assert.ok(said.split('\n').includes(`evil[31m * ${listener.pid}`), said);
    }
  } finally {
    listener.stdin.end();
  }
});
