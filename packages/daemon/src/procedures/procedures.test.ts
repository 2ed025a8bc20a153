// libvirt's procedures over the wire, by our own client.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { describe, test } from 'node:test';
import {
  type Connection,
  errorCodes,
  fromTypedParams,
  type Procedure,
  remote,
  type TypedParam,
} from '@ctvirt/rpc';
import fc from 'fast-check';
import { networkXml } from '../testing/memory-engine.js';
import { libvirtErrorOf, serveLibvirtInMemory } from '../testing/serve-libvirt.js';

const document = (name: string, more = '', type = 'lxc') => `<domain type='${type}'>
  <name>${name}</name>
  ${more}
  <memory unit='KiB'>262144</memory>
  <vcpu>2</vcpu>
  <os><type>exe</type><init>/sbin/init</init></os>
  <devices><filesystem type='mount'><source dir='/srv/${name}'/><target dir='/'/></filesystem></devices>
</domain>`;

test('a call that waits for its turn goes with its connection', async (t) => {
  const { engine, connect } = await serveLibvirtInMemory(t);
  await engine.define(document('web'));
  await engine.start('web');
  let end = (): void => undefined;
  const copied = engine.copying(
    'web',
    new Promise<void>((resolve) => {
      end = resolve;
    }),
  );
  const connection = await connect();
  const dom = await connection.domainLookupByName({ name: 'web' });
  const suspended = dom.suspend();
  await connection.domainLookupByName({ name: 'web' });
  await connection.close();
  await assert.rejects(suspended);
  end();
  await copied;
  // Behind it.
  await engine.setAutostart('web', { autostart: true });
  assert.equal(engine.summary('web').state, 'running');
});

describe('typed parameters', () => {
  test('the number comes first, then values; strings only for those that take them', async (t) => {
    const served = await serveLibvirtInMemory(t);
    const connection = await served.connect();
    const dom = await connection.domainDefineXml({ xml: document('one') });
    assert.deepEqual(await dom.getSchedulerType(), { type: 'posix', nparams: 3 });
    assert.deepEqual(fromTypedParams(await dom.getSchedulerParameters({ nparams: 3 })), {
      cpu_shares: 1024n,
      vcpu_period: 100_000n,
      vcpu_quota: -1n,
    });
    assert.deepEqual(await dom.getBlkioParameters({ nparams: 0, flags: 0 }), { params: [], nparams: 6 });
    const plain = await dom.getBlkioParameters({ nparams: 6, flags: 0 });
    assert.deepEqual(Object.keys(fromTypedParams(plain.params)), ['weight']);
    const all = await dom.getBlkioParameters({ nparams: 6, flags: 4 });
    assert.equal(all.params.length, 6);
    const few = await dom.getMemoryParameters({ nparams: 2, flags: 0 });
    assert.equal(few.params.length, 2);
  });

  test('what is set is read back, in the document too', async (t) => {
    const served = await serveLibvirtInMemory(t);
    const connection = await served.connect();
    const dom = await connection.domainDefineXml({ xml: document('one') });
    await dom.setMemoryParameters({
      params: [
        { field: 'hard_limit', type: 'ullong', value: 300_000n },
        { field: 'swap_hard_limit', type: 'ullong', value: 400_000n },
      ],
      flags: 2,
    });
    await dom.setBlkioParameters({
      params: [{ field: 'device_weight', type: 'string', value: '/dev/sda,100,/dev/sdb,200' }],
      flags: 2,
    });
    const { params } = await dom.getMemoryParameters({ nparams: 3, flags: 2 });
    assert.deepEqual(fromTypedParams(params), {
      hard_limit: 300_000n,
      soft_limit: 9_007_199_254_740_991n,
      swap_hard_limit: 400_000n,
    });
    const weights = await dom.getBlkioParameters({ nparams: 6, flags: 4 });
    assert.equal(fromTypedParams(weights.params)['device_weight'], '/dev/sda,100,/dev/sdb,200');
    assert.match(await dom.getXmlDesc({ flags: 0 }), /<hard_limit unit='KiB'>300000<\/hard_limit>/);
  });

  test('an unknown name, a wrong type and an absent side are refused', async (t) => {
    const served = await serveLibvirtInMemory(t);
    const connection = await served.connect();
    const dom = await connection.domainDefineXml({ xml: document('one') });
    const set = (field: string, type: 'int' | 'ullong', value: number | bigint, flags: number) =>
      libvirtErrorOf(dom.setMemoryParameters({ params: [{ field, type, value } as never], flags }));
    assert.equal((await set('speed', 'ullong', 1n, 2)).code, errorCodes.invalidArg);
    assert.equal((await set('hard_limit', 'int', 1, 2)).code, errorCodes.invalidArg);
    assert.equal((await set('hard_limit', 'ullong', 1n, 1)).code, errorCodes.operationInvalid);
    assert.equal((await set('hard_limit', 'ullong', 1n, 64)).code, errorCodes.invalidArg);
  });
});

describe('numbers that the kernel has not', () => {
  test('are refused: it would take its nearest, and another one would be read back', async (t) => {
    const served = await serveLibvirtInMemory(t);
    const connection = await served.connect();
    const dom = await connection.domainDefineXml({ xml: document('one') });
    for (const value of [0n, 1n, 262_145n]) {
      const set = dom.setSchedulerParametersFlags({
        params: [{ field: 'cpu_shares', type: 'ullong', value }],
        flags: 2,
      });
      const { code } = await libvirtErrorOf(set);
      assert.equal(code, errorCodes.invalidArg);
    }
    for (const value of [9, 1001]) {
      const set = dom.setBlkioParameters({ params: [{ field: 'weight', type: 'uint', value }], flags: 2 });
      const { code } = await libvirtErrorOf(set);
      assert.equal(code, errorCodes.invalidArg);
    }
    await dom.setBlkioParameters({ params: [{ field: 'weight', type: 'uint', value: 0 }], flags: 2 });
  });
});

describe('metadata', () => {
  test('an element comes back as it was given, for any prefix', async (t) => {
    const served = await serveLibvirtInMemory(t);
    const connection = await served.connect();
    const dom = await connection.domainDefineXml({ xml: document('one') });
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    const value = fc.stringMatching(/^[a-z0-9 ]{0,8}$/);
    await fc.assert(
      fc.asyncProperty(name, name, name, value, value, async (prefix, root, child, attribute, text) => {
        const uri = `http://example.org/${prefix}`;
        const metadata = `<${root} a="${attribute}"><${child}/>${text}</${root}>`;
        await dom.setMetadata({ type: 2, metadata, key: prefix, uri, flags: 0 });
        assert.equal(await dom.getMetadata({ type: 2, uri, flags: 0 }), metadata);
        await dom.setMetadata({ type: 2, metadata: null, key: null, uri, flags: 0 });
        const { code } = await libvirtErrorOf(dom.getMetadata({ type: 2, uri, flags: 0 }));
        assert.equal(code, errorCodes.noDomainMetadata);
      }),
      { numRuns: 40 },
    );
  });

  test('what is no element, or more than one, is refused', async (t) => {
    const served = await serveLibvirtInMemory(t);
    const connection = await served.connect();
    const dom = await connection.domainDefineXml({ xml: document('one') });
    for (const metadata of ['text', '<a', '<a/><b/>', '</metadata><metadata>', '<a></b>']) {
      const { code } = await libvirtErrorOf(
        dom.setMetadata({ type: 2, metadata, key: 'x', uri: 'http://x/', flags: 0 }),
      );
      assert.ok(
        code === errorCodes.xmlDetail || code === errorCodes.invalidArg,
        `${metadata} came to ${code}`,
      );
    }
  });

  test('titles and descriptions are set, told as events, and absent in libvirt’s words', async (t) => {
    const served = await serveLibvirtInMemory(t);
    const connection = await served.connect();
    const dom = await connection.domainDefineXml({ xml: document('one') });
    const { code } = await libvirtErrorOf(dom.getMetadata({ type: 1, uri: null, flags: 0 }));
    assert.equal(code, errorCodes.noDomainMetadata);
    const events = connection.events('domain', 'metadataChange');
    const first = events.next();
    await connection.getHostname();
    await dom.setMetadata({ type: 1, metadata: 'A title', key: null, uri: null, flags: 0 });
    assert.equal(await dom.getMetadata({ type: 1, uri: null, flags: 0 }), 'A title');
    const { value } = await first;
    assert.equal(value?.type, 1);
    await events.return();
  });
});

test('bulk statistics are filtered by group and by domain', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const one = await connection.domainDefineXml({ xml: document('one') });
  await connection.domainDefineXml({ xml: document('two') });
  await one.create();
  const all = await connection.getAllDomainStats({ doms: [], stats: 0, flags: 0 });
  assert.deepEqual(
    all.map(({ dom }) => dom.name),
    ['one', 'two'],
  );
  const running = fromTypedParams(all[0]?.params ?? []);
  assert.equal(running['state.state'], 1);
  assert.equal(running['cpu.time'], 1_500_000_000n);
  assert.equal(running['vcpu.current'], 2);
  const states = await connection.getAllDomainStats({ doms: [], stats: 1, flags: 2 });
  assert.deepEqual(
    states.map(({ dom, params }) => [dom.name, params.map(({ field }) => field)]),
    [['two', ['state.state', 'state.reason']]],
  );
  const { code } = await libvirtErrorOf(
    connection.getAllDomainStats({ doms: [], stats: 1 << 20, flags: 0x80000000 }),
  );
  assert.equal(code, errorCodes.argumentUnsupported);
});

test('devices of a stored document come and go', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const dom = await connection.domainDefineXml({ xml: document('one') });
  const link = (mtu: number) =>
    `<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><mtu size='${mtu}'/></interface>`;
  await dom.attachDeviceFlags({ xml: link(1400), flags: 2 });
  await dom.updateDeviceFlags({ xml: link(1300), flags: 2 });
  assert.match(await dom.getXmlDesc({ flags: 0 }), /<mtu size='1300'\/>/);
  await dom.detachDeviceFlags({ xml: link(1), flags: 2 });
  assert.doesNotMatch(await dom.getXmlDesc({ flags: 0 }), /<interface/);
  const missing = await libvirtErrorOf(dom.detachDeviceFlags({ xml: link(1), flags: 2 }));
  assert.equal(missing.code, errorCodes.deviceMissing);
  const broken = await libvirtErrorOf(dom.attachDeviceFlags({ xml: '<interface', flags: 2 }));
  assert.equal(broken.code, errorCodes.xmlDetail);
  const off = await libvirtErrorOf(dom.attachDevice({ xml: link(1) }));
  assert.equal(off.code, errorCodes.operationInvalid);
});

test('of a running container an update changes the ports of the host that lead to a link, and nothing else', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  await served.engine.networks.define(networkXml('lan', "<forward mode='nat'/>"));
  await served.engine.networks.start('lan');
  const dom = await connection.domainDefineXml({ xml: document('one') });
  await dom.create();
  const link = (inner = '') =>
    `<interface type='network'><mac address='52:54:00:00:00:08'/><source network='lan'/>${inner}</interface>`;
  const ports = "<portForward proto='tcp'><range start='42222' to='22'/></portForward>";
  await dom.attachDeviceFlags({ xml: link(), flags: 1 });
  await dom.updateDeviceFlags({ xml: link(ports), flags: 1 });
  assert.match(await dom.getXmlDesc({ flags: 0 }), /<range start='42222' to='22'\/>/);
  const other = await libvirtErrorOf(
    dom.updateDeviceFlags({ xml: link(`${ports}<mtu size='1300'/>`), flags: 1 }),
  );
  assert.equal(other.code, errorCodes.operationUnsupported);
  // As the running domain shows it, which says more than the stored document: each is changed by its own rules.
  await dom.attachDeviceFlags({ xml: link(), flags: 2 });
  const copied = /<interface [\s\S]*<\/interface>/.exec(await dom.getXmlDesc({ flags: 0 }))?.[0] ?? '';
  assert.match(copied, /bridge='/);
  await dom.updateDeviceFlags({ xml: copied.replace('42222', '43333'), flags: 3 });
  for (const flags of [0, 2])
    assert.match(await dom.getXmlDesc({ flags }), /<range start='43333' to='22'\/>/);
  await dom.updateDeviceFlags({ xml: link(), flags: 1 });
  const shown = await dom.getXmlDesc({ flags: 0 });
  assert.match(shown, /52:54:00:00:00:08/);
  assert.doesNotMatch(shown, /portForward/);
});

test('a link is found by what was said of it: its address, too, and an update keeps what it says nothing of', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const dom = await connection.domainDefineXml({ xml: document('one') });
  const link = (...inner: string[]) => `<interface type='ethernet'>${inner.join('')}</interface>`;
  const ip = (address: string) => `<ip address='${address}'/>`;
  const detach = async (xml: string) => await dom.detachDeviceFlags({ xml, flags: 2 });
  await dom.attachDeviceFlags({
    xml: link("<mac address='52:54:00:00:00:07'/>", ip('192.0.2.6'), ip('2001:db8::6')),
    flags: 2,
  });
  for (const xml of [link(ip('192.0.2.120')), link(ip('192.0.2.6'), ip('192.0.2.120'))])
    assert.equal((await libvirtErrorOf(detach(xml))).code, errorCodes.deviceMissing, xml);
  await dom.updateDeviceFlags({ xml: link(ip('192.0.2.8'), ip('2001:db8::6')), flags: 2 });
  const shown = await dom.getXmlDesc({ flags: 2 });
  assert.match(shown, /52:54:00:00:00:07[\s\S]*192\.0\.2\.8/);
  await dom.attachDeviceFlags({ xml: link(ip('192.0.2.9')), flags: 2 });
  assert.equal((await libvirtErrorOf(detach(link()))).code, errorCodes.operationFailed, 'two of them');
  await detach(link(ip('2001:DB8:0::6')));
  assert.doesNotMatch(await dom.getXmlDesc({ flags: 2 }), /192\.0\.2\.8/);
  await detach(link());
  assert.doesNotMatch(await dom.getXmlDesc({ flags: 2 }), /<interface/);
});

test('limits that are taken back leave no element behind', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const dom = await connection.domainDefineXml({ xml: document('one') });
  const before = await dom.getXmlDesc({ flags: 2 });
  const ullong = (field: string, value: bigint): TypedParam => ({ field, type: 'ullong', value });
  const text = (field: string, value: string): TypedParam => ({ field, type: 'string', value });
  const set = async (limit: bigint, quota: bigint, rate: number, nodes: string) => {
    await dom.setMemoryParameters({ params: [ullong('swap_hard_limit', limit)], flags: 2 });
    await dom.setSchedulerParametersFlags({
      params: [{ field: 'vcpu_quota', type: 'llong', value: quota }],
      flags: 2,
    });
    const params = ['device_read_bytes_sec', 'device_write_iops_sec'].map((field) =>
      text(field, `/dev/sda,${rate}`),
    );
    await dom.setBlkioParameters({ params, flags: 2 });
    await dom.setNumaParameters({ params: [text('numa_nodeset', nodes)], flags: 2 });
  };
  await set(2n ** 30n, 50_000n, 1000, '0');
  const limited = await dom.getXmlDesc({ flags: 2 });
  for (const element of ['memtune', 'cputune', 'blkiotune', 'numatune'])
    assert.match(limited, new RegExp(`<${element}>`));
  await set(2n ** 53n - 1n, -1n, 0, '');
  assert.equal(await dom.getXmlDesc({ flags: 2 }), before);
});

test('a link copied from the running domain means the stored one, and does not bring its name along', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const dom = await connection.domainDefineXml({ xml: document('one') });
  const link = (address: string, more = '') =>
    `<interface type='ethernet'><ip address='${address}'/>${more}</interface>`;
  const copied = link('192.0.2.6', "<target dev='cv131x.1'/>");
  for (const address of ['192.0.2.5', '192.0.2.6', '192.0.2.7'])
    await dom.attachDeviceFlags({ xml: link(address, "<target dev='vnet4'/>"), flags: 2 });
  assert.doesNotMatch(await dom.getXmlDesc({ flags: 2 }), /vnet4/);
  await dom.detachDeviceFlags({ xml: copied, flags: 2 });
  assert.doesNotMatch(await dom.getXmlDesc({ flags: 2 }), /192\.0\.2\.6/);
  assert.equal(
    (await libvirtErrorOf(dom.detachDeviceFlags({ xml: copied, flags: 2 }))).code,
    errorCodes.deviceMissing,
  );
  await dom.attachDeviceFlags({ xml: link('192.0.2.8', "<target dev='web0'/>"), flags: 2 });
  await dom.detachDeviceFlags({ xml: link('192.0.2.9', "<target dev='web0'/>"), flags: 2 });
  assert.doesNotMatch(await dom.getXmlDesc({ flags: 2 }), /192\.0\.2\.8/);
});

test('a link copied from the running domain with what its run gave it means the stored one, and itself where it is there', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const link = (mac: string, source: string, more = '') =>
    `<interface type='network'>${mac}<source ${source}/>${more}</interface>`;
  const mac = (last: string) => `<mac address='52:54:00:00:00:${last}'/>`;
  const run = "<target dev='cv131x.0'/>";
  const links = link('', "network='lan'") + link(mac('02'), "network='lan'");
  const dom = await connection.domainDefineXml({
    xml: document('one').replace('</devices>', `${links}</devices>`),
  });
  const copied = (last: string) => link(mac(last), "network='lan' bridge='virbr7'", run);
  await dom.detachDeviceFlags({ xml: copied('02'), flags: 2 });
  const left = await dom.getXmlDesc({ flags: 2 });
  assert.doesNotMatch(left, /52:54/);
  const uncopied = link(mac('01'), "network='lan'");
  assert.equal(
    (await libvirtErrorOf(dom.detachDeviceFlags({ xml: uncopied, flags: 2 }))).code,
    errorCodes.deviceMissing,
  );
  // The other one has its own since it was defined.
  const [own = ''] = /<mac address='\S+'\/>/.exec(left) ?? [];
  await dom.detachDeviceFlags({ xml: link(own, "network='lan' bridge='virbr7'", run), flags: 2 });
  assert.doesNotMatch(await dom.getXmlDesc({ flags: 2 }), /<interface/);
});

test('a document shows the defaults libvirt writes out, keeps what is stated, and defines the same again', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const given = document('one', '<on_reboot>destroy</on_reboot>').replace(
    '</devices>',
    "<console type='pty'/></devices>",
  );
  const dom = await connection.domainDefineXml({ xml: given });
  const shown = await dom.getXmlDesc({ flags: 2 });
  for (const line of [
    /<currentMemory unit='KiB'>262144</,
    /<type arch='\w+'>exe</,
    /<clock offset='utc'\/>/,
    /<on_poweroff>destroy<.*\n.*<on_reboot>destroy<.*\n.*<on_crash>destroy</,
    /<target type='lxc' port='0'\/>/,
  ])
    assert.match(shown, line);
  await connection.domainDefineXml({ xml: shown });
  assert.equal(await dom.getXmlDesc({ flags: 2 }), shown);
});

test('native configurations become documents and documents native configurations', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const nativeConfig = 'lxc.uts.name = imported\nlxc.rootfs.path = dir:/srv/imported\n';
  const xml = await connection.domainXmlFromNative({ nativeFormat: 'lxc-tools', nativeConfig, flags: 0 });
  assert.match(xml, /<name>imported<\/name>/);
  const back = await connection.domainXmlToNative({ nativeFormat: 'lxc-tools', domainXml: xml, flags: 0 });
  assert.match(back, /lxc\.uts\.name = imported/);
  const openvz = await connection.domainXmlToNative({
    nativeFormat: 'openvz',
    domainXml: document('101', '', 'openvz'),
    flags: 0,
  });
  assert.match(openvz, /^CPUS="?2"?$/m);
  const { code } = await libvirtErrorOf(
    connection.domainXmlFromNative({ nativeFormat: 'xen-xm', nativeConfig, flags: 0 }),
  );
  assert.equal(code, errorCodes.invalidArg);
});

test('templates are the volumes of a pool named default, what lies above them those of roots', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const { engine } = served;
  await engine.templates.buildBusybox('busybox');
  const connection = await served.connect();
  const define = (name: string, limit = '') => {
    const root = `<filesystem type='template'><source name='busybox'/><target dir='/'/>${limit}</filesystem>`;
    return connection.domainDefineXml({
      xml: document(name).replace(/<filesystem .*<\/filesystem>/, root),
    });
  };
  const dom = await define('web');
  await define('small', "<space_hard_limit unit='MiB'>16</space_hard_limit>");
  const pools = await connection.listAllStoragePools({ needResults: 1, flags: 0 });
  const namesIn = async (at: number) =>
    ((await pools[at]?.listAllVolumes({ needResults: 1, flags: 0 })) ?? []).map(({ name }) => name);
  assert.deepEqual(
    pools.map(({ name }) => name),
    ['default', 'roots', 'backups'],
  );
  assert.deepEqual([await namesIn(0), await namesIn(1)], [['busybox'], ['small.root', 'web.root']]);
  const [templates, layers] = pools;
  assert.ok(templates !== undefined && layers !== undefined);

  const busybox = await templates.storageVolLookupByName({ name: 'busybox' });
  assert.match(await busybox.getPath(), /\/templates\/busybox$/);
  assert.equal((await libvirtErrorOf(busybox.delete({ flags: 0 }))).code, errorCodes.operationInvalid);

  const small = await layers.storageVolLookupByName({ name: 'small.root' });
  assert.match(await small.getPath(), /\/roots\/small\/root\.img$/);
  const info = await small.getInfo();
  assert.ok(info.type === 0 && info.capacity > 16n << 20n && info.allocation < info.capacity);
  const path = (await small.getPath()).replace('small/root.img', 'web/root.layer');
  const web = await connection.storageVolLookupByPath({ path });
  const xml = await web.getXmlDesc({ flags: 0 });
  assert.match(xml, /<volume type='dir'>\s*<name>web\.root<\/name>/);
  assert.match(xml, /<backingStore>\s*<path>.*\/templates\/busybox<\/path>/);
  const refused = await libvirtErrorOf(web.delete({ flags: 0 }));
  assert.equal(refused.code, errorCodes.operationInvalid);
  assert.match(refused.message, /`ctvirt undefine web --storage`/);

  await dom.undefine();
  assert.deepEqual(await namesIn(1), ['small.root', 'web~1.root']);
  const kept = await layers.storageVolLookupByName({ name: 'web~1.root' });
  assert.match((await libvirtErrorOf(kept.delete({ flags: 0 }))).message, /`ctvirt root erase web~1`/);
  assert.deepEqual(await connection.listAllStoragePools({ needResults: 1, flags: 1 }), []);
  const { code } = await libvirtErrorOf(connection.storagePoolLookupByName({ name: 'other' }));
  assert.equal(code, errorCodes.noStoragePool);
});

test('the pool of templates is there already: made, started and defined anew in libvirt’s words', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const pool = await connection.storagePoolLookupByName({ name: 'default' });
  const xml = await pool.getXmlDesc({ flags: 0 });
  const define = (text: string) => connection.storagePoolDefineXml({ xml: text, flags: 0 });
  assert.equal((await define(xml)).uuid, pool.uuid);
  assert.equal((await define("<pool type='dir'><name>default</name></pool>")).uuid, pool.uuid);
  await pool.setAutostart({ autostart: 1 });
  const codes = {
    start: pool.create({ flags: 0 }),
    build: pool.build({ flags: 0 }),
    undefine: pool.undefine(),
    delete: pool.delete({ flags: 0 }),
    create: connection.storagePoolCreateXml({ xml, flags: 0 }),
    flags: pool.create({ flags: 64 }),
    manual: pool.setAutostart({ autostart: 0 }),
    kind: define("<pool type='logical'><name>vg</name><source><name>vg</name></source></pool>"),
    mixed: define(xml.replace('<name>default', '<name>roots')),
    folder: define("<pool type='dir'><name>default</name><target><path>/srv</path></target></pool>"),
    uuid: define(xml.replace(/<uuid>.{8}/, '<uuid>00000000')),
    root: define('<volume><name>default</name></volume>'),
    nameless: define("<pool type='dir'><source><name>default</name></source></pool>"),
    broken: define("<pool type='dir'><name>default</pool>"),
  };
  const { operationInvalid, operationUnsupported, operationFailed } = errorCodes;
  const { invalidArg, noSupport, xmlError, xmlDetail } = errorCodes;
  const seen: Record<string, number> = {};
  for (const [what, call] of Object.entries(codes)) seen[what] = (await libvirtErrorOf(call)).code;
  assert.deepEqual(seen, {
    ...{ start: operationInvalid, build: operationInvalid, undefine: operationInvalid },
    ...{ delete: operationInvalid, create: operationInvalid, flags: invalidArg },
    ...{ manual: operationUnsupported, kind: noSupport, folder: operationFailed },
    ...{
      uuid: operationFailed,
      mixed: operationFailed,
      root: xmlError,
      nameless: xmlError,
      broken: xmlDetail,
    },
  });
});

test('a processor is pinned, and the others stay where they were', async (t) => {
  const hostCount = cpus().length;
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const dom = await connection.domainDefineXml({ xml: document('one') });
  const mapOf = (...numbers: number[]) =>
    Buffer.from([numbers.reduce((bits, number) => bits | (1 << number), 0)]);
  const maps = async () =>
    [...(await dom.getVcpuPinInfo({ ncpumaps: 9, maplen: 1, flags: 0 })).cpumaps].join(' ');
  const all = mapOf(...Array.from({ length: Math.min(8, hostCount) }, (_, number) => number))[0] ?? 0;
  assert.equal(await maps(), `${all} ${all}`);
  await dom.pinVcpuFlags({ vcpu: 1, cpumap: mapOf(0), flags: 2 });
  assert.equal(await maps(), `${all} 1`);
  await dom.pinVcpuFlags({ vcpu: 0, cpumap: mapOf(0), flags: 0 });
  assert.equal(await maps(), '1 1');
  assert.match(await dom.getXmlDesc({ flags: 0 }), hostCount > 1 ? /cpuset='0'>2</ : /<vcpu.*>2</);
  const refused = [
    dom.pinVcpuFlags({ vcpu: 2, cpumap: mapOf(0), flags: 0 }),
    dom.pinVcpuFlags({ vcpu: 0, cpumap: Buffer.alloc(1), flags: 0 }),
    dom.pinVcpuFlags({ vcpu: 0, cpumap: mapOf(0), flags: 8 }),
  ];
  for (const call of refused) assert.equal((await libvirtErrorOf(call)).code, errorCodes.invalidArg);
  const off = await libvirtErrorOf(dom.pinVcpu({ vcpu: 0, cpumap: mapOf(0) }));
  assert.equal(off.code, errorCodes.operationInvalid);
  await dom.create();
  await dom.pinVcpu({ vcpu: 0, cpumap: mapOf(0) });
});

test('of devices of the host there are none', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const active = connection.client.invoke(remote, 'nodeDeviceIsActive', { name: 'pci_0000' });
  assert.equal((await libvirtErrorOf(active)).code, errorCodes.noNodeDevice);
});

test('each scheme shows its own type of domains', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const all = await served.connect();
  await all.domainDefineXml({ xml: document('container') });
  await all.domainDefineXml({ xml: document('101', '', 'openvz') });
  const namesOf = async (scheme: string): Promise<string[]> => {
    const connection = await served.connect({ scheme });
    const domains = await connection.listAllDomains({ needResults: 1, flags: 0 });
    return domains.map(({ name }) => name);
  };
  assert.deepEqual(await namesOf('ctvirt'), ['101', 'container']);
  assert.deepEqual(await namesOf('lxc'), ['container']);
  assert.deepEqual(await namesOf('openvz'), ['101']);
  assert.deepEqual(await namesOf('vserver'), []);
  const lxc = await served.connect({ scheme: 'lxc' });
  const { code } = await libvirtErrorOf(lxc.domainLookupByName({ name: '101' }));
  assert.equal(code, errorCodes.noDomain);
});

/** A value of any shape that encodes, made of nothing. */
function emptyOf(shape: unknown): unknown {
  const { notation, fields } = shape as { notation: string; fields?: Record<string, unknown> };
  if (fields !== undefined)
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, emptyOf(field)]));
  if (typeof shape === 'object' && shape !== null && 'item' in shape) return [];
  if (typeof shape === 'object' && shape !== null && 'inner' in shape) return null;
  if (notation === 'opaque[16]') return '00000000-0000-0000-0000-000000000000';
  if (/^(u?int|uchar|char|ushort|double)$/.test(notation)) return 0;
  if (/^u?hyper$/.test(notation)) return 0n;
  return notation.startsWith('string') ? '' : Buffer.alloc(0);
}

function invoke(connection: Connection, name: string, row: Procedure, args: unknown): Promise<unknown> {
  const { client } = connection;
  return row.stream === 'none' ? client.invoke(remote, name, args) : client.invokeStream(remote, name, args);
}

test('a read-only connection is refused every procedure that writes', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect({ readOnly: true });
  const refused: string[] = [];
  for (const [name, row] of Object.entries<Procedure>(remote.calls)) {
    // No client of ours could send the others: their calls carry file descriptors.
    if (row.writes === false || row.descriptors) continue;
    const args = emptyOf(row.args) as Record<string, unknown>;
    if (row.writes !== true) args[row.writes.field] = row.writes.bits;
    const { code } = await libvirtErrorOf(invoke(connection, name, row, args));
    if (code === errorCodes.operationDenied) refused.push(name);
    // What nobody answers cannot change anything either.
    else assert.equal(code, errorCodes.noSupport, `${name} came to ${code}`);
  }
  for (const name of ['domainDefineXml', 'domainCreate', 'domainSetMetadata', 'domainOpenConsole'])
    assert.ok(refused.includes(name), name);
  assert.ok(refused.length > 40, `${refused.length} procedures that write`);
});
