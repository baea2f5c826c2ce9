import t from 'tap'
import { readJsonc } from '../../src/settings/jsonc.ts'

const TEXT = `// What a line says.
{
  "name": "a // b", /* of
  two lines */ "list": [1, [true, null],],
  "deep/er": { "~": {} },
}
`

t.test('comments and trailing commas are passed over', async (t) => {
  t.same(readJsonc(TEXT).value, { name: 'a // b', list: [1, [true, null]], 'deep/er': { '~': {} } })
  for (const text of ['', '\n', '// nothing']) t.equal(readJsonc(text).value, undefined)
  for (const text of ['3', '"x"', 'null', 'false']) t.equal(readJsonc(text).value, JSON.parse(text))
})

t.test('it is known where a value stands, whatever ends the lines', async (t) => {
  for (const text of [TEXT, TEXT.replaceAll('\n', '\r\n')]) {
    const { placeOf } = readJsonc(text)
    t.equal(placeOf('/name'), '3:3')
    t.equal(placeOf('/list'), '4:16')
    t.equal(placeOf('/list/0'), '4:25')
    t.equal(placeOf('/list/1/1'), '4:35')
    t.equal(placeOf('/deep~1er/~0'), '5:16')
    t.equal(placeOf('/deep~1er/none/none'), '5:3', 'what is missing is where it belongs')
    t.equal(placeOf('/none'), '2:1')
  }
  t.equal(readJsonc('').placeOf(''), '1:1')
})

t.test('what is wrong is told with line and column', async (t) => {
  for (const [text, message] of [
    ['{', '1:2: close brace expected'],
    ['{\n  "a": 1\n  "b": 2\n}', '3:3: comma expected'],
    ['{ "a" 1 }', '1:7: colon expected'],
    ["{ 'a': 1 }", '1:3: invalid symbol'],
    ['{ a: 1 }', '1:3: invalid symbol'],
    ['{ "a": "x\n" }', '1:8: unexpected end of string'],
    ['{ "a": "\\x" }', '1:8: invalid escape character'],
    ['[1, 2', '1:6: close bracket expected'],
    ['{} {}', '1:4: end of file expected'],
    ['/* {}', '1:1: unexpected end of comment'],
    ['{ "a": }', '1:8: value expected'],
    ['{ "a": 1, "b": 2,\n"a": 3 }', '2:1: "a" is there already'],
    ['{"__proto__": 1, "__proto__": 2}', '1:18: "__proto__" is there already'],
  ] as const) {
    t.throws(() => readJsonc(text), { message }, text)
  }
  t.same(readJsonc('{ "a": { "x": 1 }, "b": { "x": 1 } }').value, { a: { x: 1 }, b: { x: 1 } })
})

t.test('names of objects that JavaScript has are names like others', async (t) => {
  const { value } = readJsonc('{ "__proto__": { "argv": 1 }, "constructor": { "toString": 2 } }')
  t.same(Object.keys(Object(value)), ['__proto__', 'constructor'])
  t.equal(Reflect.get(Object(value), 'argv'), undefined)
  t.equal(Object.getPrototypeOf(value), null)
  t.equal(Reflect.get({}, 'argv'), undefined)
})

t.test('values within values have an end', async (t) => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  t.ok(readJsonc(nested(20)).value)
  t.throws(() => readJsonc(nested(21)), { message: '1:21: nested more than 20 deep' })
  t.throws(() => readJsonc('['.repeat(500_000)), { message: /nested more/ })
  t.throws(() => readJsonc('{"a":'.repeat(100_000)), { message: /nested more/ })
})
