import path from 'node:path'
import t from 'tap'
import { host } from '../../../src/places/host/plugin.ts'
import { testPlace } from '../suite.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'processes are looked at in /proc')
  process.exit()
}

const module = path.resolve(import.meta.dirname, '../../../src/places/host/plugin.ts')
testPlace({ place: host, module, name: 'host' })
