import path from 'node:path'
import { openLedger } from '../../src/record/ledger.ts'
import { LOOP_TABLES, NO_STEPS, type Round } from '../../src/triggers/loop/records.ts'

const ADD = 'INSERT INTO loop_rounds (loop, is_open, round) VALUES (?, 0, ?)'

/** Puts rounds that are over on the record of a service that runs, as that wrote them. @param roundOf by its number, from 1 on */
export function addRounds(
  logDir: string,
  loop: string,
  count: number,
  roundOf: (iteration: number) => Partial<Round>,
): void {
  const ledger = openLedger(path.join(logDir, 'looper.db'), () => undefined)
  ledger.tablesOf(LOOP_TABLES).change((db) => {
    const add = db.prepare(ADD)
    for (let iteration = 1; iteration <= count; iteration += 1)
      add.run(loop, JSON.stringify({ ...NO_STEPS, iteration, hint: '', ...roundOf(iteration) }))
  })
  ledger.close()
}
