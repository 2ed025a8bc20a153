// Domains over HTTP: what is told of one, and what can be done with it.
// SPDX-License-Identifier: Apache-2.0
import { json, none, progress, resource, rows, session, text, xml } from './route.js';
import { boolean, integer, list, optional, record, strict, string } from './schema.js';
import { adoptionCandidate, adoptRequest, adoptResult } from './shapes/adoption.js';
import { autostartChange, defineResult, domainSummary, mountedRoot, rootMount } from './shapes/domain.js';
import { domainInfo } from './shapes/domain-info.js';
import { moveReport, moveRequest, moveResolution } from './shapes/move.js';
import { parameterRow } from './shapes/parameter.js';
import {
  consoleLog,
  consoleRequest,
  execRequest,
  pullRequest,
  pushRequest,
  waitRequest,
} from './shapes/session.js';
import { createRequest, createResult, setRequest, setResult } from './shapes/settings.js';
import { exportRequest, templateExport } from './shapes/template.js';
import { validation } from './shapes/validation.js';

const waitMs = integer({
  minimum: 0,
  description: 'Answer when it is off (or this time is over), not when asked',
});

/** Domains: their definition, their life, and programs inside them. */
export const domains = resource({
  list: {
    method: 'GET',
    path: '/v1/domains',
    role: 'viewer',
    summary: 'List domains',
    query: { active: boolean({ description: 'Only running ones, or only stopped ones' }) },
    body: none,
    answer: rows(domainSummary),
  },
  define: {
    method: 'POST',
    path: '/v1/domains',
    role: 'admin',
    summary: 'Define a domain from its XML, or with `transient` start one that is gone when it stops',
    query: {
      strict: boolean({ description: 'Refuse what is not understood instead of keeping it' }),
      transient: boolean({ description: 'Start it now, and forget it with its files when it stops' }),
    },
    body: xml,
    answer: json(defineResult),
  },
  validate: {
    method: 'POST',
    path: '/v1/validations',
    role: 'admin',
    summary:
      'What `define` would say of a document on this host: nothing is defined, and none of the hooks is asked',
    query: { strict: boolean({ description: 'Refuse what is not understood instead of keeping it' }) },
    body: xml,
    answer: json(validation),
  },
  create: {
    method: 'POST',
    path: '/v1/creations',
    role: 'admin',
    summary:
      'Make a domain of a template, without writing XML; one of that name is left as it is, and refused',
    query: { dryRun: boolean({ description: 'Answer its document and make nothing' }) },
    body: json(createRequest),
    answer: json(createResult),
  },
  adopt: {
    method: 'POST',
    path: '/v1/adoptions',
    role: 'admin',
    summary: 'Define a container of another system on its own files, where they lie; nothing of them changes',
    query: { dryRun: boolean({ description: 'Answer the same, and define nothing' }) },
    body: json(adoptRequest),
    answer: json(adoptResult),
  },
  candidates: {
    method: 'GET',
    path: '/v1/adoptions/candidates',
    role: 'admin',
    summary: 'Containers of other systems on this host, in the places where those keep them',
    body: none,
    answer: json(list(adoptionCandidate)),
  },
  summary: {
    method: 'GET',
    path: '/v1/domains/{domain}',
    role: 'viewer',
    summary: "One domain's line of the list",
    body: none,
    answer: json(domainSummary),
  },
  undefine: {
    method: 'DELETE',
    path: '/v1/domains/{domain}',
    role: 'admin',
    summary: 'Forget a domain; its root is kept unless it is erased',
    query: { storage: boolean({ description: 'Erase its root file system as well' }) },
    body: none,
    answer: none,
  },
  rename: {
    method: 'PUT',
    path: '/v1/domains/{domain}/name',
    role: 'admin',
    summary: 'Give a domain that is off another name; its files and all else of it go along',
    body: json(strict({ name: string({ minLength: 1, description: 'Its new name' }) })),
    answer: json(domainSummary),
  },
  info: {
    method: 'GET',
    path: '/v1/domains/{domain}/info',
    role: 'viewer',
    summary: 'What a domain is and uses now',
    body: none,
    answer: json(domainInfo),
  },
  xml: {
    method: 'GET',
    path: '/v1/domains/{domain}/xml',
    role: 'viewer',
    summary: "A domain's XML",
    query: { inactive: boolean({ description: 'As its next start will read it' }) },
    body: none,
    answer: text('application/xml'),
    tag: 'told',
  },
  redefine: {
    method: 'PUT',
    path: '/v1/domains/{domain}/xml',
    role: 'admin',
    summary:
      'Give a domain another document, from its next start on; with `If-Match` only while the stored one is the one that was read, else `changed` tells since when and by whom it is not',
    query: { strict: boolean({ description: 'Refuse what is not understood instead of keeping it' }) },
    body: xml,
    answer: json(defineResult),
    tag: 'matched',
  },
  parameters: {
    method: 'GET',
    path: '/v1/domains/{domain}/parameters',
    role: 'viewer',
    summary: "A domain's resource parameters by OpenVZ's names, and what becomes of each on this host",
    query: { inactive: boolean({ description: 'As its next start will have them' }) },
    body: none,
    answer: json(list(parameterRow)),
  },
  setParameters: {
    method: 'PUT',
    path: '/v1/domains/{domain}/parameters',
    role: 'operator',
    summary: 'Set some resource parameters, which are answered; the others stay',
    body: json(
      strict({
        values: record(string({ maxLength: 64 }), string({ maxLength: 4096 }), {
          description: "By OpenVZ's names, in vzctl's spelling",
        }),
        live: optional(boolean({ description: 'Of the running domain' })),
        stored: optional(
          boolean({ description: 'Of its next start; without either, of the running one if it runs' }),
        ),
      }),
    ),
    answer: json(list(parameterRow)),
  },
  set: {
    method: 'PUT',
    path: '/v1/domains/{domain}/settings',
    role: 'admin',
    summary: 'Change what a domain has, in words: addresses, names, limits and more; the rest stays',
    body: json(setRequest),
    answer: json(setResult),
  },
  start: {
    method: 'POST',
    path: '/v1/domains/{domain}/start',
    role: 'operator',
    summary: 'Start a defined domain',
    query: { rescue: boolean({ description: 'With a shell in the place of its init, for this run' }) },
    body: none,
    answer: json(domainSummary),
  },
  shutdown: {
    method: 'POST',
    path: '/v1/domains/{domain}/shutdown',
    role: 'operator',
    summary: "Ask a domain's init to power off",
    query: { waitMs },
    body: none,
    answer: json(domainSummary),
  },
  reboot: {
    method: 'POST',
    path: '/v1/domains/{domain}/reboot',
    role: 'operator',
    summary: "Ask a domain's init to restart",
    query: { waitMs },
    body: none,
    answer: json(domainSummary),
  },
  destroy: {
    method: 'POST',
    path: '/v1/domains/{domain}/destroy',
    role: 'operator',
    summary: 'Power a domain off now; nothing of it is erased',
    body: none,
    answer: json(domainSummary),
  },
  suspend: {
    method: 'POST',
    path: '/v1/domains/{domain}/suspend',
    role: 'operator',
    summary: "Freeze all of a domain's processes",
    body: none,
    answer: json(domainSummary),
  },
  resume: {
    method: 'POST',
    path: '/v1/domains/{domain}/resume',
    role: 'operator',
    summary: 'Thaw a suspended domain',
    body: none,
    answer: json(domainSummary),
  },
  wait: {
    method: 'POST',
    path: '/v1/domains/{domain}/wait',
    role: 'viewer',
    summary: 'Wait until a domain is running, stopped or booted; answers at once if it is',
    body: json(waitRequest),
    answer: json(domainSummary),
  },
  autostart: {
    method: 'PUT',
    path: '/v1/domains/{domain}/autostart',
    role: 'operator',
    summary: 'Say whether a domain starts with each boot of the host, and in which order',
    body: json(autostartChange),
    answer: json(domainSummary),
  },
  rootMounts: {
    method: 'GET',
    path: '/v1/root-mounts',
    role: 'viewer',
    summary: 'The roots of domains that are mounted on the host',
    body: none,
    answer: json(list(mountedRoot)),
  },
  mountRoot: {
    method: 'POST',
    path: '/v1/domains/{domain}/root-mount',
    role: 'admin',
    summary: 'Mount the root of a domain that is off on the host; it cannot be started meanwhile',
    body: none,
    answer: json(rootMount),
  },
  unmountRoot: {
    method: 'DELETE',
    path: '/v1/domains/{domain}/root-mount',
    role: 'admin',
    summary: 'Take it away again',
    body: none,
    answer: none,
  },
  exportRoot: {
    method: 'POST',
    path: '/v1/domains/{domain}/export',
    role: 'admin',
    summary:
      "Write the root of a domain that is off as an image, to a file of the daemon's machine that is not there yet",
    body: json(exportRequest),
    answer: progress(templateExport),
  },
  move: {
    method: 'POST',
    path: '/v1/domains/{domain}/move',
    role: 'admin',
    summary: 'Move a domain to another host, files and all: it is shut down here and started there',
    body: json(moveRequest),
    answer: progress(moveReport),
  },
  resolveMove: {
    method: 'PUT',
    path: '/v1/domains/{domain}/move',
    role: 'admin',
    summary:
      'Say who has a domain whose move was not answered to its end, when the other host will not answer any more',
    body: json(moveResolution),
    answer: none,
  },
  consoleLog: {
    method: 'GET',
    path: '/v1/domains/{domain}/console-log',
    role: 'operator',
    summary: 'What a domain wrote to its console in its present or last run, or the one before',
    query: { before: boolean({ description: 'Of the run before that' }) },
    body: none,
    answer: json(consoleLog),
  },
  exec: {
    method: 'GET',
    path: '/v1/domains/{domain}/exec',
    role: 'operator',
    summary: 'Run a program inside a running domain',
    body: none,
    answer: session(execRequest),
  },
  push: {
    method: 'GET',
    path: '/v1/domains/{domain}/push',
    role: 'operator',
    summary:
      'Put a file or a tree into a domain, running or not; what is left out is told on stderr, and the exit status is 1 then',
    body: none,
    answer: session(pushRequest),
  },
  pull: {
    method: 'GET',
    path: '/v1/domains/{domain}/pull',
    role: 'operator',
    summary:
      "Take a file or a tree out of a domain, running or not: stdout is a tar archive, with the file by its name, or the folder's own files as ./NAME",
    body: none,
    answer: session(pullRequest),
  },
  console: {
    method: 'GET',
    path: '/v1/domains/{domain}/console',
    role: 'operator',
    summary: "Attach to a running domain's console",
    body: none,
    answer: session(consoleRequest),
  },
});
