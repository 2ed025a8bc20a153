// What of a document neither changes a start nor is remarked, and why that is right.
// SPDX-License-Identifier: Apache-2.0

interface Kept {
  /** Of the paths of places, with kinds. */
  readonly paths: RegExp;
  /** Where the program obeys it elsewhere, its module's name; else it has no effect. */
  readonly by?: string;
  readonly why: string;
}

const forMachines = 'it describes a full machine; libvirt keeps it of a container, too';

export const keptPlaces: readonly Kept[] = [
  {
    paths: /^(?:title|description)$/,
    by: 'api/shapes, daemon/procedures',
    why: 'shown in lists and by desc',
  },
  { paths: /^metadata$/, by: 'daemon/procedures', why: "other programs' own, read and written by metadata" },
  {
    paths: /^currentMemory$/,
    by: 'xml/domain/meaning.ts',
    why: 'dominfo shows it and setmem changes it; a start limits to <memory>, as there is no balloon',
  },
  { paths: /^features\/privnet$/, why: 'every container has a network stack of its own: decision 0007' },
  { paths: /^features\/(?:acpi|apic\/@eoi|pae|hap\/@state|viridian)$/, why: forMachines },
  { paths: /^genid$/, why: forMachines },
  { paths: /^os\/(?:@firmware|type\/@machine|boot\/|bootmenu\/|bios\/|smbios\/)/, why: forMachines },
  { paths: /^devices\/emulator$/, why: 'liblxc runs containers' },
  { paths: /^devices\/controller\//, why: 'a bus without devices: a container has no disks' },
  {
    paths: /^devices\/(?:\w+(?:\[\w+\])*)\/address\/@/,
    why: 'a place on a bus, which a container does not have',
  },
  { paths: /^devices\/filesystem\[\w+\]\/@(?:model|multidevs)$/, why: forMachines },
  {
    paths: /^devices\/filesystem\[\w+\]\/driver\/@name$/,
    why: 'a name that old documents give what serves it',
  },
  {
    paths: /^devices\/interface\[\w+\]\/@managed$/,
    why: "a card's driver stays the host's: it is handed over as the link that it is",
  },
  {
    paths: /^devices\/interface\[hostdev\]\/source\/address\/@(?!type|domain|bus|slot|function)/,
    why: 'of other buses than that of a card',
  },
  { paths: /^devices\/interface\[\w+\]\/mac\/@(?:type|check)$/, why: 'who chose the address, for VMware' },
  {
    paths: /^devices\/(?:interface|hostdev)\[\w+\]\/(?:ip|route)\/@family$/,
    why: 'it follows from the address; another one is refused',
  },
  {
    paths: /^devices\/interface\[ethernet\]\/ip\/@prefix$/,
    why: "a routed address is the container's alone: all others are reached by the host",
  },
  { paths: /^devices\/interface\[\w+\]\/(?:model|tune|backenddomain)\//, why: forMachines },
  { paths: /^devices\/interface\[\w+\]\/guest\/@actual$/, why: 'libvirt writes it of a running domain' },
  {
    paths: /^devices\/interface\[network\]\/source\/@portgroup$/,
    by: 'networks/placing.ts',
    why: 'what the network says for the group is written into the document of each run',
  },
  {
    paths: /^devices\/console\/target\/@(?:type|port)$/,
    why: 'a container has one console, whatever it is called',
  },
  {
    paths: /^devices\/hostdev\[(?:misc|net)\]\/@(?:mode|managed)$/,
    why: "a device that is handed over by name stays the host's",
  },
];

const textOf = ({ by, why }: Kept): string => (by === undefined ? why : `${why} (${by})`);

export function kept(path: string): string | undefined {
  const found = keptPlaces.find(({ paths }) => paths.test(path));
  return found === undefined ? undefined : textOf(found);
}
