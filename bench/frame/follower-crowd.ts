// Follows a log so many times at once, each over a connection of its own, and tells how late its lines came.
//
// usage: node bench/follower-crowd.ts URL FOLLOWERS LINES
import http from 'node:http'

const [url = '', followers = '1', lines = '0'] = process.argv.slice(2)

/** What became of one follower. */
interface Report {
  readonly complete: boolean
  readonly delays: Float64Array
}

const now = () => performance.timeOrigin + performance.now()

function follow(): Promise<Report> {
  const delays = new Float64Array(Number(lines))
  let seen = 0
  let isInOrder = true
  let isEnded = false
  // Each line of the log is `<number> <milliseconds since the epoch> <filling>`.
  const take = (text: string, at: number) => {
    for (const [, number, written] of text.matchAll(/(\d+) (\d+\.\d+) \.+\\n/g)) {
      if (Number(number) !== seen) isInOrder = false
      delays[seen++] = at - Number(written)
    }
  }
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false }, (response) => {
      response.setEncoding('latin1')
      let rest = ''
      response.on('data', (chunk: string) => {
        const at = now()
        const text = rest + chunk
        const end = text.lastIndexOf('\n\n') + 2
        if (end === 1) {
          rest = text
          return
        }
        rest = text.slice(end)
        const whole = text.slice(0, end)
        take(whole, at)
        isEnded ||= whole.includes('event: end\n')
      })
      response.once('end', () =>
        resolve({ complete: isEnded && isInOrder && seen === Number(lines), delays }),
      )
      response.once('error', reject)
      process.send?.('following')
    })
    request.once('error', reject)
  })
}

const reports = await Promise.all(Array.from({ length: Number(followers) }, follow))
const all = new Float64Array(reports.length * Number(lines))
for (const [index, { delays }] of reports.entries()) all.set(delays, index * Number(lines))
all.sort()
const at = (share: number) => all[Math.min(all.length - 1, Math.floor(all.length * share))]
const complete = reports.filter((report) => report.complete).length
process.send?.({ complete, p50: at(0.5), p99: at(0.99), max: all.at(-1) })
process.disconnect?.()
