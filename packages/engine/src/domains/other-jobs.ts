// Long operations that are no domain's, as jobs: those of templates, and of repositories of backups.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import type { Jobs } from '../jobs/jobs.js';

/** The same operations; what takes long is told of, and can be ended, by whoever has not asked for it, too. */
export function templateJobs(templates: Engine['templates'], jobs: Pick<Jobs, 'run'>): Engine['templates'] {
  return {
    list: () => templates.list(),
    get: (name) => templates.get(name),
    rename: (name, to) => templates.rename(name, to),
    copy: (name, to, options) => templates.copy(name, to, options),
    remove: (name) => templates.remove(name),
    buildBusybox: (name) => templates.buildBusybox(name),
    // Who only looks makes nothing.
    import: (template, source, options = {}) =>
      options.dryRun === true
        ? templates.import(template, source, options)
        : jobs.run(
            { template },
            'import',
            (watched) => templates.import(template, source, { ...options, ...watched }),
            options,
          ),
    buildDebian: (template, options = {}) =>
      jobs.run(
        { template },
        'build',
        (watched) => templates.buildDebian(template, { ...options, ...watched }),
        options,
      ),
    update: (template, options = {}) =>
      jobs.run(
        { template },
        'update',
        (watched) => templates.update(template, { ...options, ...watched }),
        options,
      ),
    export: (template, target, options = {}) =>
      jobs.run(
        { template },
        'export',
        (watched) => templates.export(template, target, { ...options, ...watched }),
        options,
      ),
  };
}

/** Backups of domains are jobs of those; what is done with a whole repository is one of its own. */
export function repositoryJobs(backups: Engine['backups'], jobs: Pick<Jobs, 'run'>): Engine['backups'] {
  const nameOf = (repository: string | undefined): string =>
    repository ?? backups.repositories()[0]?.name ?? 'default';
  return {
    ...backups,
    check: (request, by) =>
      jobs.run(
        { repository: nameOf(request.repository) },
        'check',
        (watched) => backups.check(request, watched),
        by,
      ),
    forget: (request, by) =>
      request.dryRun === true
        ? backups.forget(request, by)
        : jobs.run(
            { repository: nameOf(request.repository) },
            'forget',
            (watched) => backups.forget(request, watched),
            by,
          ),
    prune: (request, by) =>
      jobs.run(
        { repository: nameOf(request.repository) },
        'prune',
        (watched) => backups.prune(request, watched),
        by,
      ),
  };
}
