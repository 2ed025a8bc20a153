// The domain that the benchmarks run: one process that sleeps, a root from a template, a limit on memory.
// SPDX-License-Identifier: Apache-2.0

export const sleeper = ['/bin/sleep', 'infinity'];

/**
 * @param {string} name
 * @param {string} [template]
 * @param {string} [link] an element of `<devices>`
 */
export const sleepingDomain = (name, template = 'busybox', link = '', limits = '') => `<domain type='lxc'>
  <name>${name}</name>
  <memory unit='MiB'>64</memory>
  <os><type>exe</type><init>${sleeper[0]}</init><initarg>${sleeper[1]}</initarg></os>
  <devices>
    <filesystem type='template'><source name='${template}'/><target dir='/'/>${limits}</filesystem>${link}
  </devices>
</domain>`;

/**
 * @param {string} prefix
 * @param {number} count
 */
export const names = (prefix, count) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(3, '0')}`);
