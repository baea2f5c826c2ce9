import { isFile } from '../../base/files.ts'
import { broken, type Finding, ok } from '../../base/finding.ts'
import type { Part } from '../../settings/part.ts'
import type { Notice, NoticePlugin } from '../notice.ts'
import { scriptNotices } from './script.ts'
import { scriptSettings } from './settings.ts'

const REMEDY = 'Fix the path of LOOPER_NOTICE_SCRIPT, or remove it.'

const settings: Part<Notice | null> = {
  ...scriptSettings,
  read(reading) {
    const script = scriptSettings.read(reading)
    return script === null ? null : noticeOf(script)
  },
}

/** Notices through a script of the owner's, or of ours that a request names. */
export const script: NoticePlugin = {
  settings,
  ownScripts: [],
  isOwnVariable: () => false,
  byScript: scriptNotices,
}

function noticeOf(file: string): Notice {
  const problem = () => (isFile(file) ? null : `there is no file ${file}`)
  const check = (): Finding => {
    const found = problem()
    return found === null ? ok('script', file) : broken('script', found, REMEDY)
  }
  return {
    name: 'script',
    route: () => ({ kind: 'script', route: `script=${file}`, problem: problem() }),
    // What it sent, nobody can edit.
    open: (deps) => ({ notify: scriptNotices(file, deps), ends: null, ear: null }),
    secrets: () => [],
    files: [file],
    finding: () => (problem() === null ? null : check()),
    warning: () => null,
    probe: async () => check(),
  }
}
