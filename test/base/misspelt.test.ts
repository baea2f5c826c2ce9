import t from 'tap'
import { meantBy } from '../../src/base/misspelt.ts'

const KNOWN = ['LOOPER_PORT', 'LOOPER_HOST', 'LOOPER_WORKSPACE', 'LOOPER_WORKSPACE_ROOTS']

t.test('a name with one or two slips is told for what it was meant to be', async (t) => {
  for (const [given, meant] of [
    ['LOOPER_PROT', 'LOOPER_PORT'],
    ['LOOPER_POR', 'LOOPER_PORT'],
    ['LOOPER_PORTS', 'LOOPER_PORT'],
    ['LOOPER_PORD', 'LOOPER_PORT'],
    ['looper_host', 'LOOPER_HOST'],
    ['LOOPER_WROKSPCE', 'LOOPER_WORKSPACE'],
  ] as const)
    t.equal(meantBy(given, KNOWN), meant, given)
})

t.test('the nearest one is meant, and none where all are far', async (t) => {
  t.equal(meantBy('LOOPER_POST', KNOWN), 'LOOPER_PORT')
  for (const far of ['', 'LOOPER_', 'LOOPER_DEBUGGING', 'X'.repeat(100_000)])
    t.equal(meantBy(far, KNOWN), null)
  t.equal(meantBy('LOOPER_PORT', []), null)
})
