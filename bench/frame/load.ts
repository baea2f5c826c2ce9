// Asks a server as fast as it answers, over connections that are kept, for a time; tells how many answers came. Speaks
// HTTP by hand: a client that uses more CPU than the server would measure itself.
//
// usage: node bench/frame/load.ts URL METHOD STATUS MILLISECONDS [BODY]
import { once } from 'node:events'
import { connect } from 'node:net'

const CONNECTIONS = 16

const [address = '', method = 'GET', status = '200', ms = '1000', body = ''] = process.argv.slice(2)
const url = new URL(address)
const request =
  `${method} ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n` +
  (body === '' ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`) +
  `\r\n${body}`
const expected = `HTTP/1.1 ${status} `
const end = performance.now() + Number(ms)

/** Asks over one connection, the next time when the answer is whole; returns how often. */
async function ask(): Promise<number> {
  const socket = connect(Number(url.port), url.hostname)
  socket.setEncoding('latin1')
  let answers = 0
  let text = ''
  socket.on('data', (chunk: string) => {
    text += chunk
    const head = text.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1])
    if (text.length < head + 4 + length) return
    if (!text.startsWith(expected)) throw new Error(`not ${status}: ${text}`)
    answers++
    text = ''
    if (performance.now() < end) socket.write(request)
    else socket.destroy()
  })
  socket.write(request)
  await once(socket, 'close')
  return answers
}

const begin = performance.now()
const answers = await Promise.all(Array.from({ length: CONNECTIONS }, ask))
const seconds = (performance.now() - begin) / 1000
process.send?.(answers.reduce((sum, count) => sum + count, 0) / seconds)
process.disconnect?.()
