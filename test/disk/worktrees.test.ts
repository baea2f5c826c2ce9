import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { worktreesSource } from '../../src/disk/worktrees.ts'
import { DAY_MS, NOW, setUpDisk } from './set-up.ts'

t.test('work trees of runs are counted, and none of them is ever deleted', async (t) => {
  const disk = setUpDisk(t)
  const own = path.join(disk.dir, 'worktrees')
  const source = worktreesSource(own)
  const look = async () => (await disk.look({ sources: [source] })).shares[0]
  t.match(await look(), { bytes: 0, remnants: [] })
  disk.run('lives', { ageMs: null })
  disk.run('ended', { ageMs: 9 * DAY_MS })
  for (const name of ['lives', 'ended', 'unknown']) {
    mkdirSync(path.join(own, name, 'tree'), { recursive: true })
    writeFileSync(path.join(own, name, 'tree', 'file'), 'x'.repeat(5000))
  }
  writeFileSync(path.join(own, 'a file'), 'x')
  symlinkSync('/', path.join(own, 'a link'))
  const share = await look()
  t.ok(Number(share?.bytes) >= 15_000)
  t.match(Object.fromEntries(share?.remnants.map(({ what, ...one }) => [path.basename(what), one]) ?? []), {
    lives: { runId: 'lives', kept: 'live' },
    ended: { runId: 'ended', kept: 'unmerged', at: NOW - 9 * DAY_MS },
    unknown: { runId: null, kept: 'unmerged' },
  })
  t.equal(share?.remnants.length, 3)
  const [remnant] = share?.remnants ?? []
  if (remnant) t.equal(await source.remove(remnant, { now: NOW, resumableMs: 0 }, disk.never), false)
})
