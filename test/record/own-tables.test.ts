import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { LooperError } from '../../src/base/errors.ts'
import { openLedger } from '../../src/record/ledger.ts'

const FIRST = 'CREATE TABLE pets (name TEXT PRIMARY KEY) STRICT'
const SECOND = 'ALTER TABLE pets ADD COLUMN legs INTEGER NOT NULL DEFAULT 4'

function setUp(test: Test) {
  const file = path.join(test.testdir(), 'looper.db')
  const open = () => {
    const ledger = openLedger(file, (message) => test.fail(message))
    test.teardown(() => ledger.close())
    return ledger
  }
  return { file, open }
}

const tablesIn = (file: string) => {
  const db = new DatabaseSync(file, { readOnly: true })
  const names = db.prepare('SELECT name FROM sqlite_schema').all()
  db.close()
  return names.map(({ name }) => name)
}

t.test('an owner has tables from its first change on, and none before', async (t) => {
  const { file, open } = setUp(t)
  const tables = open().tablesOf({ owner: 'pets', migrations: [FIRST] })
  t.strictSame(tables.rows('SELECT * FROM pets'), [])
  t.notOk(tablesIn(file).some((name) => name === 'pets' || name === 'owners'))
  tables.change((db) => db.prepare('INSERT INTO pets VALUES (?)').run('Rex'))
  t.same(tables.rows('SELECT * FROM pets WHERE name = :name', { name: 'Rex' }), [{ name: 'Rex' }])
})

t.test('tables are brought up to date once, whether they are read or written first', async (t) => {
  for (const first of ['read', 'write']) {
    await t.test(first, async (t) => {
      const { open } = setUp(t)
      const old = open()
      old
        .tablesOf({ owner: 'pets', migrations: [FIRST] })
        .change((db) => db.exec("INSERT INTO pets VALUES ('Rex')"))
      const tables = open().tablesOf({ owner: 'pets', migrations: [FIRST, SECOND] })
      if (first === 'write') tables.change((db) => db.exec("INSERT INTO pets VALUES ('Hen', 2)"))
      t.same(tables.rows("SELECT legs FROM pets WHERE name = 'Rex'"), [{ legs: 4 }])
      tables.change((db) => db.exec("DELETE FROM pets WHERE name = 'Hen'"))
      // As a service that begins anew and has news at once.
      const later = open().tablesOf({ owner: 'pets', migrations: [FIRST, SECOND] })
      later.change((db) => db.exec("DELETE FROM pets WHERE name = 'Hen'"))
      t.same(tables.rows('SELECT * FROM pets'), [{ name: 'Rex', legs: 4 }])
    })
  }
})

t.test('tables of a newer version are neither read nor written', async (t) => {
  const { open } = setUp(t)
  const ledger = open()
  ledger.tablesOf({ owner: 'pets', migrations: [FIRST, SECOND] }).change(() => undefined)
  const tables = ledger.tablesOf({ owner: 'pets', migrations: [FIRST] })
  const newer = {
    code: 'LOOPER_LEDGER_UNWRITABLE',
    message: /a newer Looper \(version 2, this one knows 1\)/,
  }
  t.throws(() => tables.rows('SELECT * FROM pets'), newer)
  t.throws(() => tables.change((db) => db.exec("INSERT INTO pets (name) VALUES ('Rex')")), newer)
})

t.test('a change is made as a whole or not at all, and says why', async (t) => {
  const { file, open } = setUp(t)
  const tables = open().tablesOf({ owner: 'pets', migrations: [FIRST] })
  const half = (error: Error) => () =>
    tables.change((db) => {
      db.exec("INSERT INTO pets VALUES ('Rex')")
      throw error
    })
  t.throws(half(new LooperError('LOOPER_FIELD_INVALID', 'no such pet')), {
    code: 'LOOPER_FIELD_INVALID',
    message: 'no such pet',
  })
  t.throws(half(new Error('odd')), { code: 'LOOPER_LEDGER_UNWRITABLE', message: /odd/ })
  t.strictSame(tables.rows('SELECT * FROM pets'), [], 'nor were the tables made')
  tables.change((db) => db.exec("INSERT INTO pets VALUES ('Rex')"))
  t.throws(() => tables.change((db) => db.exec("INSERT OR ROLLBACK INTO pets VALUES ('Rex')")), {
    code: 'LOOPER_LEDGER_UNWRITABLE',
  })

  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  t.throws(() => tables.change((db) => db.exec("INSERT INTO pets VALUES ('Mia')")), {
    code: 'LOOPER_LEDGER_UNWRITABLE',
    message: /locked/,
  })
  other.exec('ROLLBACK')
  other.close()
  t.same(tables.rows('SELECT * FROM pets'), [{ name: 'Rex' }])
})
