import { asSetting } from '../../settings/config-error.ts'
import type { Part } from '../../settings/part.ts'
import type { Notice, NoticePlugin } from '../notice.ts'
import { checkSettings, probeZulip, startWarning } from './checks.ts'
import { zulipEar } from './ear.ts'
import { editedNotice, endNotice, toldNotice } from './end-text.ts'
import { routeOf } from './route.ts'
import { type ZulipSettings, zulipSettings } from './settings.ts'
import { zulipArrived, zulipEdits, zulipNotices } from './zulip.ts'
import { findCredentials } from './zuliprc.ts'

const settings: Part<Notice> = { ...zulipSettings, read: (reading) => noticeOf(zulipSettings.read(reading)) }

/** Notices in Zulip, a message each. */
export const zulip: NoticePlugin = {
  settings,
  ownScripts: ['scripts/send-zulip-dm.ts'],
  isOwnVariable: (name) => name.startsWith('ZULIP'),
}

function noticeOf(wanted: ZulipSettings): Notice {
  return {
    name: 'zulip',
    route: () => routeOf(wanted),
    open: ({ env, redact, skipped }) => ({
      ear: wanted.listens ? zulipEar(wanted, env, redact) : null,
      notify: zulipNotices(wanted, env, skipped, redact),
      ends: {
        amend: zulipEdits(wanted, env, redact),
        arrived: zulipArrived(wanted, env, redact),
        edited: (run, output) => editedNotice(run, output, redact),
        sent: (run, output) => endNotice(run, output, redact),
        told: (run, message) => toldNotice(run, message, redact),
      },
    }),
    secrets: () => asSetting('ZULIPRC_PATH', () => secretsOf(wanted)),
    files: [wanted.rcPath],
    finding: () => checkSettings(wanted),
    warning: () => asSetting('ZULIPRC_PATH', () => startWarning(wanted)),
    probe: (env, signal) => probeZulip(wanted, env, signal),
  }
}

function secretsOf(wanted: ZulipSettings): string[] {
  const found = findCredentials(wanted)
  const ready = found.kind === 'ready' ? [found.account.key, basicOf(found.account)] : []
  return [...(wanted.key === null ? [] : [wanted.key]), ...ready]
}

/** The key as it travels: a proxy's error page may show the request's headers. */
const basicOf = ({ email, key }: { readonly email: string; readonly key: string }) =>
  Buffer.from(`${email}:${key}`).toString('base64')
