// Verbs and options of vzctl, vzlist, virsh and others that ctvirt has under another name or not at all, and what does it here.
// SPDX-License-Identifier: Apache-2.0

type Words = Readonly<Record<string, string>>;

const vzctlVerbs: Words = {
  exec2: 'ctvirt exec DOMAIN -- PROGRAM',
  runscript: 'ctvirt exec DOMAIN -- /bin/sh -s < SCRIPT',
  vzlist: 'ctvirt list, or, as with -a, ctvirt list --all',
};

/** What people type who know other tools, or none. */
const erase = 'ctvirt undefine DOMAIN, or, with its files, ctvirt undefine DOMAIN --storage';
const powerOff = 'ctvirt shutdown DOMAIN, or, at once, ctvirt destroy DOMAIN';
const shell = 'ctvirt enter DOMAIN';
const make = 'ctvirt create NAME --template TEMPLATE';
const addresses = 'ctvirt list --output name,ip, or ctvirt dominfo DOMAIN';
const commonVerbs: Words = {
  addresses,
  attach: 'ctvirt console DOMAIN, or, for a shell, ctvirt enter DOMAIN',
  backup:
    "ctvirt mount DOMAIN, which shows the files of one that is off to the host's tar, rsync and the like",
  cp: 'ctvirt push and ctvirt pull',
  delete: erase,
  df: 'ctvirt quota DOMAIN, or ctvirt list --sort disk',
  halt: powerOff,
  hooks: 'a program in /etc/ctvirt/hooks: ctvirt help start',
  ip: addresses,
  kill: 'ctvirt destroy DOMAIN',
  launch: make,
  log: 'ctvirt console DOMAIN --log',
  login: shell,
  logs: 'ctvirt console DOMAIN --log',
  ls: 'ctvirt list --all',
  net: 'ctvirt network list',
  new: make,
  passwd: 'ctvirt set DOMAIN --userpasswd USER:PASSWORD',
  poweroff: powerOff,
  register: 'ctvirt adopt openvz CTID',
  remove: erase,
  rescue: 'ctvirt start DOMAIN --rescue',
  reset: 'ctvirt destroy DOMAIN, then ctvirt start DOMAIN',
  rm: erase,
  run: make,
  shell,
  unregister: 'ctvirt undefine DOMAIN',
};

/** What ctvirt leaves to virsh. */
const virsh = "virsh -c 'ctvirt+unix:///system?socket=/run/ctvirt/libvirt-sock'";
const virshVerbs: Words = Object.fromEntries(
  [
    ...['attach-device', 'attach-interface', 'detach-device', 'detach-interface', 'update-device'],
    ...['domifaddr', 'domiflist', 'domifstat', 'domstats'],
    ...['blkiotune', 'memtune', 'numatune', 'schedinfo', 'setmem', 'setvcpus'],
  ].map((name) => [name, `${virsh} ${name} ...`]),
);

/** Second words by which others call what a noun's verbs do. */
const nounVerbs: Words = {
  'network delete': 'ctvirt network undefine NETWORK',
  'network destroy': 'ctvirt network stop NETWORK',
  'network remove': 'ctvirt network undefine NETWORK',
  'network restart': 'ctvirt network stop NETWORK, then ctvirt network start NETWORK',
  'network show': 'ctvirt network info NETWORK, or, as XML, ctvirt network dumpxml NETWORK',
  'filter delete': 'ctvirt filter undefine FILTER',
  'filter remove': 'ctvirt filter undefine FILTER',
  'filter show': 'ctvirt filter dumpxml FILTER',
};

/** What the document says. */
const editedOptions: Words = {
  capability: '<capabilities>',
};

const inDocument = (words: Words, how: string): Words =>
  Object.fromEntries(Object.entries(words).map(([option, element]) => [option, `${element} ${how}`]));

const options: Readonly<Record<string, Words>> = {
  set: {
    ...inDocument(editedOptions, 'by ctvirt edit DOMAIN'),
    applyconfig: '--profile PROFILE',
    autostart: '--onboot yes',
    device: '--device-add',
    devnodes: '--device-add /dev/...',
    bindmount_add: '--mount-add',
    bindmount_del: '--mount-del',
    bootorder: '--order',
    netif_add: '--network-add NETWORK',
    netif_del: '--network-del NETWORK',
    ip: '--ipadd',
    mount: '--mount-add',
    password: '--userpasswd USER:PASSWORD',
  },
  create: {
    config: '--profile',
    ipadd: '--ip',
    onboot: '--autostart',
    order: 'ctvirt autostart NAME --order NUMBER, when it is there',
    ostemplate: '--template',
    userpasswd: '--password',
  },
  shutdown: { fast: 'ctvirt destroy DOMAIN' },
  list: { a: '--all' },
};

/** `: here it is --config`, or undefined where the word is none of vzctl's, or as it is there. */
const told = (words: Words | undefined, word: string): string | undefined =>
  words !== undefined && Object.hasOwn(words, word) ? `: here it is ${words[word]}` : undefined;

export const verbHere = (word: string): string | undefined =>
  told({ ...commonVerbs, ...vzctlVerbs, ...virshVerbs, ...nounVerbs }, word);
export const optionHere = (verb: string, name: string): string | undefined => told(options[verb], name);

const listed = (words: Words, separator: string): string =>
  Object.entries(words)
    .map(([option, here]) => `--${option} is ${here}`)
    .join(separator);

/** The options of `vzctl set` that are something else here, in a sentence. */
export const setOptionsHere = `by ctvirt edit DOMAIN ${listed(editedOptions, ', ')}`;
