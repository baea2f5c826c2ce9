import t from 'tap'
import { listenFailure } from '../../src/http/listen.ts'
import { ConfigError } from '../../src/settings/config-error.ts'

const failureOf = (code: string) =>
  listenFailure(Object.assign(new Error(`listen ${code}`), { code }), 'looper.example', 80)

t.test('what may be different at the next start is told with what to set', async (t) => {
  const sentences = {
    EADDRINUSE: 'port 80 on looper.example is taken; stop what listens there, or set LOOPER_PORT',
    EADDRNOTAVAIL: 'this machine has no address looper.example; set LOOPER_HOST',
    EAFNOSUPPORT: 'this machine has no address looper.example; set LOOPER_HOST',
    ENOTFOUND: 'this machine finds no address for "looper.example"; set LOOPER_HOST',
    EAI_AGAIN: 'this machine finds no address for "looper.example"; set LOOPER_HOST',
    EOTHER: 'cannot listen on looper.example, port 80: listen EOTHER; set LOOPER_HOST or LOOPER_PORT',
  }
  for (const [code, message] of Object.entries(sentences))
    t.match(failureOf(code), { constructor: Error, message, cause: { code } }, code)
})

t.test('what only its owner can fix is a wrong setting', async (t) => {
  t.match(failureOf('EACCES'), {
    constructor: ConfigError,
    problems: [/^LOOPER_PORT: this user may not listen on 80; /],
  })
  t.match(failureOf('EINVAL'), {
    constructor: ConfigError,
    problems: [/^LOOPER_HOST: "looper.example" is no address/],
  })
})
