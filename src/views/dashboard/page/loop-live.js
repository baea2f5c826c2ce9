import { ROOT } from './api.js'
import { part } from './dom.js'
import { createTranscriptPanel } from './transcript-panel.js'

/** @import { Api } from './api.js' */

/** What the agent of the round that runs says, live; that of the last one stays until the next one begins. @param {HTMLElement} root @param {Api} api */
export function createLive(root, api) {
  const box = part(root, 'live', HTMLElement)
  const link = part(root, 'live-run', HTMLAnchorElement)
  const transcript = createTranscriptPanel(root, api, {
    begun: () => {
      box.hidden = false
    },
    none: () => {
      box.hidden = true
    },
  })
  let shown = ''

  return {
    /** @param {string} runId */
    async show(runId) {
      const isOther = runId !== shown
      shown = runId
      const run = await api.run(runId)
      if (shown !== runId) return
      link.href = `${ROOT.href}#/runs/${encodeURIComponent(runId)}`
      if (isOther) transcript.open(run)
      else transcript.put(run)
    },
    close: transcript.close,
  }
}
