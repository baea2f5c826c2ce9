import t from 'tap'
import { runSoak } from '../helpers/soak.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are told apart in /proc')
  process.exit()
}

t.test(
  'questions outlive what kills services, calls and wires: none is lost, doubled or answered twice',
  async (t) => {
    const few = ['--asks', '12', '--parked', '3', '--runs', '2', '--kills', '2', '--cuts', '2', '--seed', '7']
    const output = await runSoak(t, 'soak-asks.ts', few)
    t.match(output, / 9 answers heard, 3 runs parked and gone on, /)
  },
)
