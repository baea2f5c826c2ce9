import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { script } from '../../../src/notices/script/plugin.ts'
import { beginReading } from '../../../src/settings/part.ts'
import { textOf } from '../../helpers/service.ts'
import { testNotice } from '../suite.ts'

/** Writes down what it is told; what the file `next` holds is done instead, once. */
const SENDER = `
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
const next = new URL('next.json', import.meta.url)
const orders = existsSync(next) ? JSON.parse(readFileSync(next, 'utf8')) : {}
rmSync(next, { force: true })
if (orders.refuse) {
  console.error(orders.refuse)
  process.exitCode = 1
} else if (orders.hang) {
  setInterval(() => {}, 60_000)
} else {
  appendFileSync(new URL('told', import.meta.url), JSON.stringify(process.argv[2]) + '\\n')
  console.log('x'.repeat(orders.babble ?? 1))
}`

testNotice({
  // An argument may have 128 KiB (MAX_ARG_STRLEN in Linux), its final NUL included; here each character takes four bytes.
  longest: 131_068 / 4,
  canEdit: false,
  async open(test) {
    const dir = test.testdir({ 'notify.mjs': SENDER })
    const order = (orders: object) => writeFileSync(path.join(dir, 'next.json'), JSON.stringify(orders))
    const env = { LOOPER_NOTICE_SCRIPT: 'notify.mjs' }
    const notice = script.settings.read(beginReading(env, { projectDir: dir, home: dir }))
    if (notice === null) throw new Error('it was asked for')
    return {
      notice,
      env: { PATH: process.env.PATH },
      delivered: () =>
        textOf(path.join(dir, 'told'))
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line)),
      edited: () => [],
      refuse: (words) => order({ refuse: words }),
      hang: () => order({ hang: true }),
      babble: (characters) => order({ babble: characters }),
    }
  },
})
