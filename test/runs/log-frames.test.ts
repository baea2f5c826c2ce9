import t from 'tap'
import { outputFrame, wholeCharacters } from '../../src/runs/log-frames.ts'

t.test('text goes as text, whatever is in it; other bytes go as base64', async (t) => {
  const nasty = '\uFEFF\r\n\0\u001b[31m\u2028"ü🦊\n\ndata: forged\n\n'
  const frame = outputFrame(Buffer.from(nasty), 77).toString()
  t.match(frame, /^event: output\nid: 77\ndata: \{"text":"[^\n\r\0]*"\}\n\n$/)
  t.equal(JSON.parse(frame.slice(frame.indexOf('{'))).text, nasty)
  const broken = Buffer.from([0x61, 0xff, 0xc3, 0x28])
  t.equal(outputFrame(broken, 4).toString(), 'event: output\nid: 4\ndata: {"base64":"Yf/DKA=="}\n\n')
})

t.test('a character whose rest may still come waits; what is broken does not', async (t) => {
  for (const char of ['a', 'ü', '€', '🦊']) {
    const bytes = Buffer.from(`x${char}`)
    t.equal(wholeCharacters(bytes), bytes.length, char)
    for (let cut = 2; cut < bytes.length; cut++) t.equal(wholeCharacters(bytes.subarray(0, cut)), 1, char)
  }
  t.equal(wholeCharacters(Buffer.from([0xc3])), 0)
  t.equal(wholeCharacters(Buffer.alloc(0)), 0)
  t.equal(wholeCharacters(Buffer.from([0x80, 0x80])), 2)
  t.equal(wholeCharacters(Buffer.from([0x61, 0x80, 0x80, 0x80, 0x80])), 5)
  t.equal(wholeCharacters(Buffer.from([0xc3, 0xbc, 0xbc])), 3)
})
