import t from 'tap'
import { outputFrame } from '../../src/logs/frames.ts'

t.test('text goes as text, whatever is in it; other bytes go as base64', async (t) => {
  const nasty = '\uFEFF\r\n\0\u001b[31m\u2028"ü🦊\n\ndata: forged\n\n'
  const frame = outputFrame(Buffer.from(nasty), 77).toString()
  t.match(frame, /^event: output\nid: 77\ndata: \{"text":"[^\n\r\0]*"\}\n\n$/)
  t.equal(JSON.parse(frame.slice(frame.indexOf('{'))).text, nasty)
  const broken = Buffer.from([0x61, 0xff, 0xc3, 0x28])
  t.equal(outputFrame(broken, 4).toString(), 'event: output\nid: 4\ndata: {"base64":"Yf/DKA=="}\n\n')
})
