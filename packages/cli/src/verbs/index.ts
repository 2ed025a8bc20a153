// Every verb, in the order of help; a new one is its file and a line here.
// SPDX-License-Identifier: Apache-2.0
import type { Verb } from '../verb.js';
import { adopt } from './adopt.js';
import { adoptList } from './adopt-list.js';
import { backupCheck } from './backup-check.js';
import { backup } from './backup-create.js';
import { backupForget } from './backup-forget.js';
import { backupInit } from './backup-init.js';
import { backupList } from './backup-list.js';
import { backupPrune } from './backup-prune.js';
import { backupStatus } from './backup-status.js';
import { completeVerb } from './completion-answer.js';
import { completion } from './completion-print.js';
import { convert } from './convert.js';
import { autostart } from './domain-autostart.js';
import { beancounters } from './domain-beancounters.js';
import { cloneDomain } from './domain-clone.js';
import { console } from './domain-console.js';
import { create } from './domain-create.js';
import { define } from './domain-define.js';
import { destroy } from './domain-destroy.js';
import { dominfo } from './domain-dominfo.js';
import { domstate } from './domain-domstate.js';
import { dumpxml } from './domain-dumpxml.js';
import { edit } from './domain-edit.js';
import { enter } from './domain-enter.js';
import { exec } from './domain-exec.js';
import { exportDomain } from './domain-export.js';
import { forward } from './domain-forward.js';
import { history } from './domain-history.js';
import { importDomain } from './domain-import.js';
import { list } from './domain-list.js';
import { log } from './domain-log.js';
import { migrate } from './domain-migrate.js';
import { mount } from './domain-mount.js';
import { params } from './domain-params.js';
import { ps } from './domain-ps.js';
import { pull } from './domain-pull.js';
import { push } from './domain-push.js';
import { quota } from './domain-quota.js';
import { reboot } from './domain-reboot.js';
import { rename } from './domain-rename.js';
import { restore } from './domain-restore.js';
import { resume } from './domain-resume.js';
import { set } from './domain-set.js';
import { shutdown } from './domain-shutdown.js';
import { start } from './domain-start.js';
import { suspend } from './domain-suspend.js';
import { traffic } from './domain-traffic.js';
import { umount } from './domain-umount.js';
import { undefine } from './domain-undefine.js';
import { wait } from './domain-wait.js';
import { filterBindings } from './filter-bindings.js';
import { filterDefine } from './filter-define.js';
import { filterDumpxml } from './filter-dumpxml.js';
import { filterEdit } from './filter-edit.js';
import { filterList } from './filter-list.js';
import { filterUndefine } from './filter-undefine.js';
import { help } from './help-show.js';
import { check } from './host-check.js';
import { events } from './host-events.js';
import { guarantees } from './host-guarantees.js';
import { metrics } from './host-metrics.js';
import { nodeinfo } from './host-nodeinfo.js';
import { top } from './host-top.js';
import { jobAbort } from './job-abort.js';
import { jobInfo } from './job-info.js';
import { jobList } from './job-list.js';
import { networkAutostart } from './network-autostart.js';
import { networkCreate } from './network-create.js';
import { networkDefine } from './network-define.js';
import { networkDumpxml } from './network-dumpxml.js';
import { networkEdit } from './network-edit.js';
import { networkEvents } from './network-events.js';
import { networkInfo } from './network-info.js';
import { networkLeases } from './network-leases.js';
import { networkList } from './network-list.js';
import { networkStart } from './network-start.js';
import { networkStop } from './network-stop.js';
import { networkUndefine } from './network-undefine.js';
import { networkUpdate } from './network-update.js';
import { networkUsers } from './network-users.js';
import { openapi } from './openapi-print.js';
import { profileList } from './profile-list.js';
import { profileShow } from './profile-show.js';
import { rootAdopt } from './root-adopt.js';
import { rootErase } from './root-erase.js';
import { rootList } from './root-list.js';
import { snapshotCreate } from './snapshot-create.js';
import { snapshotDelete } from './snapshot-delete.js';
import { snapshotDiff } from './snapshot-diff.js';
import { snapshotDumpxml } from './snapshot-dumpxml.js';
import { snapshotInfo } from './snapshot-info.js';
import { snapshotList } from './snapshot-list.js';
import { snapshotRevert } from './snapshot-revert.js';
import { templateBuild } from './template-build.js';
import { templateExport } from './template-export.js';
import { templateImport } from './template-import.js';
import { templateInfo } from './template-info.js';
import { templateList } from './template-list.js';
import { templateRemove } from './template-remove.js';
import { templateRename } from './template-rename.js';
import { templateUpdate } from './template-update.js';
import { templateUsers } from './template-users.js';
import { terminals } from './terminals.js';
import { version } from './version-show.js';
import { web } from './web.js';
import { xmlExplain } from './xml-explain.js';
import { xmlFormat } from './xml-format.js';
import { xmlSchema } from './xml-schema.js';
import { xmlValidate } from './xml-validate.js';

/** Hidden ones included: what lists verbs for people leaves those out itself. */
export const verbs: readonly Verb[] = [
  list,
  define,
  adopt,
  adoptList,
  create,
  start,
  shutdown,
  reboot,
  destroy,
  undefine,
  rename,
  migrate,
  rootList,
  rootAdopt,
  rootErase,
  jobList,
  jobInfo,
  jobAbort,
  suspend,
  resume,
  autostart,
  params,
  set,
  dominfo,
  beancounters,
  quota,
  history,
  log,
  traffic,
  ps,
  domstate,
  wait,
  dumpxml,
  edit,
  console,
  enter,
  mount,
  umount,
  exportDomain,
  importDomain,
  cloneDomain,
  exec,
  push,
  pull,
  snapshotCreate,
  snapshotList,
  snapshotInfo,
  snapshotDumpxml,
  snapshotRevert,
  snapshotDelete,
  snapshotDiff,
  backup,
  restore,
  backupInit,
  backupList,
  backupStatus,
  backupCheck,
  backupForget,
  backupPrune,
  xmlValidate,
  xmlFormat,
  xmlSchema,
  xmlExplain,
  convert,
  templateList,
  templateInfo,
  templateImport,
  templateBuild,
  templateRemove,
  templateRename,
  templateUpdate,
  templateUsers,
  templateExport,
  profileList,
  profileShow,
  networkList,
  networkInfo,
  networkDefine,
  networkCreate,
  networkEdit,
  networkUpdate,
  networkUsers,
  networkDumpxml,
  networkStart,
  networkStop,
  networkAutostart,
  networkUndefine,
  networkLeases,
  networkEvents,
  filterList,
  filterDumpxml,
  filterDefine,
  filterEdit,
  filterUndefine,
  filterBindings,
  forward,
  top,
  guarantees,
  metrics,
  check,
  events,
  nodeinfo,
  web,
  terminals,
  version,
  openapi,
  completion,
  help(() => verbs),
  completeVerb(() => verbs),
];
