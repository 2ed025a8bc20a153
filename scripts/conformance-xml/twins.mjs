// Broken twins of a valid document, one fault each, for a checker that must refuse them.
// SPDX-License-Identifier: Apache-2.0

const mutations = {
  'attribute misspelt': /(<(?!domain)[a-z_]+ )([a-z]+)(=')/,
  'element misspelt': /<(\/?)(filesystem)\b/g,
  'unknown filesystem type': /<filesystem type='[a-z]+'/,
  'unknown domain type': /<domain type='[a-z]+'/,
  'source without its attribute': /<source (dir|file|usage)='[^']*'( units='[^']*')?\/>/,
  'no target': /<target dir='[^']*'\/>/,
  'no root': /<target dir='\/'\/>/,
  'memory is no number': /(<memory[^>]*>)\d+/,
  'memory in an unknown unit': /<memory unit='KiB'/,
  'no name': /<name>[^<]*<\/name>/,
  'uuid too short': /(<uuid>)[0-9a-f]{8}-/,
  'bad address': /(<ip address=')[^']*/,
  'bad prefix': /(prefix=')\d+/,
  'unknown on_crash': /(<on_crash>)[a-z]+/,
  'no vcpus': /(<vcpu[^>]*>)\d+/,
  'unknown capability': /<mknod /,
  'cut off': /<\/domain>/,
};

/** @type {Readonly<Record<keyof typeof mutations, string>>} */
const replacements = {
  'attribute misspelt': '$1x$2$3',
  'element misspelt': '<$1filesysten',
  'unknown filesystem type': "<filesystem type='mout'",
  'unknown domain type': "<domain type='lcx'",
  'source without its attribute': '<source/>',
  'no target': '',
  'no root': "<target dir='/elsewhere'/>",
  'memory is no number': '$1much',
  'memory in an unknown unit': "<memory unit='KiBi'",
  'no name': '',
  'uuid too short': '$1',
  'bad address': '$1300.1.2.3',
  'bad prefix': '$1129',
  'unknown on_crash': '$1explode',
  'no vcpus': '$10',
  'unknown capability': '<mknob ',
  'cut off': '',
};
const names = /** @type {(keyof typeof mutations)[]} */ (Object.keys(mutations));

/**
 * The document itself and every twin that differs from it.
 *
 * @param {string} text
 */
export function twins(text) {
  const list = [{ name: 'as it stands', text, isValid: true }];
  for (const name of names) {
    const twin = text.replace(mutations[name], replacements[name]);
    if (twin !== text) list.push({ name, text: twin, isValid: false });
  }
  return list;
}
