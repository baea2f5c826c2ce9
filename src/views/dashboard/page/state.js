import { autopollWords } from './autopoll.js'
import { element, icon, part, rows } from './dom.js'
import { showFindings } from './first-run.js'
import { clockTime, moment } from './format.js'
import { shortPath } from './short-path.js'

/** @import { Status } from './api.js' */

/** Shows slot, autopoll, notices and disk. @param {ParentNode} root @param {Status} status @param {number} now */
export function showState(root, status, now) {
  const { live_pids, autopoll, notice, outbox, disk, findings = [] } = status
  const others = live_pids?.filter((pid) => pid !== status.current?.pid) ?? []
  /** @param {keyof Status} part */
  const unknown = (part) => warned('not known', status.problems[part] ?? null)
  part(root, 'as-of', HTMLElement).textContent = `as of ${clockTime(now)}`
  for (const place of ['findings', 'first-findings']) showFindings(part(root, place, HTMLElement), findings)
  part(root, 'state', HTMLElement).replaceChildren(
    ...rows([
      ['Slot', slotText(status)],
      ['Run', 'current' in status.problems ? unknown('current') : null],
      ['Also running', live_pids === null ? unknown('live_pids') : othersText(others)],
      ['Autopoll', autopoll ? autopollText(autopoll, now) : unknown('autopoll')],
      ['Notices', notice ? noticeText(notice, outbox, now) : unknown('notice')],
      ['Disk', disk ? diskText(disk) : unknown('disk')],
      ['Version', status.version],
    ]),
  )
}

/** @param {number[]} pids */
function othersText(pids) {
  return pids.length > 0 ? warned(`pid ${pids.join(', ')}`, 'not part of the current run') : null
}

/** @param {Status} status */
function slotText({ slot, current }) {
  if (slot.taken)
    return lines(`taken, step “${slot.step ?? 'unknown'}”`, slot.request_id && `request ${slot.request_id}`)
  return current ? 'taken by a run' : 'free'
}

/** @param {NonNullable<Status['autopoll']>} autopoll @param {number} now */
function autopollText(autopoll, now) {
  const words = autopollWords(autopoll, now)
  return autopoll.paused ? warned(...words) : lines(...words)
}

/** @param {NonNullable<Status['notice']>} notice @param {Status['outbox']} outbox @param {number} now */
function noticeText({ kind, route, problem, last }, outbox, now) {
  const where = lines(kind === 'log' ? 'server log only' : `${kind[0]?.toUpperCase()}${kind.slice(1)}`, route)
  if (problem !== null) where.append(warned(problem, null))
  if (outbox?.pending || outbox?.given_up)
    where.append(warned(`${outbox.pending} wait, ${outbox.given_up} given up`, null))
  if (last && !last.ok) where.append(warned(`last one failed: ${last.output}`, moment(last.at, now)))
  // Of the server log there is nothing to tell.
  else if (last && kind !== 'log') where.append(lines(null, `last: ${last.output}, ${moment(last.at, now)}`))
  return where
}

/** @param {NonNullable<Status['disk']>} disk */
function diskText({ path, free_mb, min_free_mb, ok }) {
  const free = free_mb >= 10_240 ? `${Math.round(free_mb / 1024)} GB free` : `${free_mb} MB free`
  const where = shortPath(path, 34)
  return ok ? lines(free, where) : warned(free, `less than ${min_free_mb} MB in ${path}: nothing is launched`)
}

/** @param {string | null} first @param {import('./dom.js').Child | null} second */
function lines(first, second) {
  const made = element('div', {})
  if (first) made.append(element('span', {}, first))
  if (second) made.append(element('small', {}, second))
  return made
}

/** @param {string} first @param {string | null} second */
function warned(first, second) {
  const made = lines(first, second)
  made.className = 'warned'
  made.prepend(icon('bolt'))
  return made
}
