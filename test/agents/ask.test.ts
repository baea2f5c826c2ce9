import t from 'tap'
import { ask } from '../../src/agents/ask.ts'

t.test('a program that is asked when its limit is over already is killed', async (t) => {
  const told = await ask('/bin/sh', ['-c', 'sleep 300'], { PATH: '/usr/bin:/bin' }, AbortSignal.abort())
  t.strictSame(told, { output: '', status: null })
})
