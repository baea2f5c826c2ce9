import t from 'tap'
import { table } from '../../src/cli/table.ts'

const COLUMNS = [{ title: 'ID' }, { title: 'PLACE', min: 6 }, { title: 'BY' }]
const rows = (...texts: string[][]) => texts.map((row) => row.map((text) => ({ text })))

t.test('columns are aligned, and lines have no spaces at their end', async (t) => {
  t.strictSame(table(COLUMNS, rows(['1', '/a/long/path', 'me'], ['1000', '/b']), Number.POSITIVE_INFINITY), [
    'ID    PLACE         BY',
    '1     /a/long/path  me',
    '1000  /b',
  ])
})

t.test('paint takes no room', async (t) => {
  const cell = { text: 'ok', paint: (text: string) => `<${text}>` }
  t.strictSame(table([{ title: 'STATE' }, { title: 'X' }], [[cell, { text: 'y' }]], 80), [
    'STATE  X',
    '<ok>     y',
  ])
})

t.test('in a narrow terminal paths lose their beginning, then columns at the right go', async (t) => {
  const given = rows(['1000', '/a/long/path', 'me'])
  t.strictSame(table(COLUMNS, given, 18), ['ID    PLACE     BY', '1000  …ng/path  me'])
  t.strictSame(table(COLUMNS, given, 12), ['ID    PLACE', '1000  …/path'])
  t.strictSame(table(COLUMNS, given, 3), ['ID', '1000'])
})

t.test('columns of the highest rank go first, and the others keep their width', async (t) => {
  const columns = [{ title: 'ID' }, { title: 'NOTE', dropRank: 2 }, { title: 'PLACE', min: 6, dropRank: 1 }]
  const given = rows(['1000', 'a note', '/a/long/path'])
  t.strictSame(table(columns, given, 26), ['ID    NOTE    PLACE', '1000  a note  /a/long/path'])
  t.strictSame(table(columns, given, 20), ['ID    NOTE    PLACE', '1000  a note  …/path'])
  t.strictSame(table(columns, given, 19), ['ID    PLACE', '1000  /a/long/path'])
  t.strictSame(table(columns, given, 11), ['ID', '1000'])
})

t.test('a column that says nothing is left out where it may be', async (t) => {
  const columns = [{ title: 'ID' }, { title: 'COST', mayBeEmpty: true }, { title: 'BY' }]
  t.strictSame(table(columns, rows(['1', '', 'me']), 80), ['ID  BY', '1   me'])
  t.strictSame(table(columns, rows(['1', '', 'me'], ['2', '$1', '']), 80), [
    'ID  COST  BY',
    '1         me',
    '2   $1',
  ])
})

t.test('wide characters take two places, and marks none', async (t) => {
  t.strictSame(table(COLUMNS, rows(['日本', 'e\u0301', '🎉'], ['abcd', 'x', 'y']), 80), [
    'ID    PLACE  BY',
    '日本  e\u0301      🎉',
    'abcd  x      y',
  ])
  t.strictSame(table([{ title: 'P', min: 4 }], rows(['日本語']), 4), ['P', '…語'])
})
