import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type BinaryPlaces, resolveBinary } from '../../src/agents/binary.ts'
import { codex } from '../../src/agents/codex/codex.ts'

/** Puts a program there and tells where. */
function program(...parts: readonly string[]): string {
  const file = path.join(...parts)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, '#!/bin/sh\n')
  chmodSync(file, 0o755)
  return file
}

/** A project, a home, and two directories on `PATH`. */
function setUp(test: Test) {
  const dir = test.testdir({ project: {}, home: {}, one: {}, two: {} })
  const at = (name: string) => path.join(dir, name)
  const places: BinaryPlaces = {
    projectDir: at('project'),
    home: at('home'),
    searchPath: [at('one'), at('two')].join(':'),
    ...codex.program,
  }
  return { dir, places, project: at('project'), home: at('home'), one: at('one'), two: at('two') }
}

const missing = (name: string) => ({
  code: 'LOOPER_BINARY_MISSING',
  status: 500,
  message: `required tool is missing from PATH: ${name}`,
})

t.test('without a PATH, nothing is found on it', (t) => {
  const { places } = setUp(t)
  t.throws(() => resolveBinary(null, { ...places, searchPath: undefined }), missing('codex'))
  t.end()
})

t.test('the request wins over the setting, that over a local build, and that over PATH', async (t) => {
  const { places, project, one, two } = setUp(t)
  const onPath = program(two, 'codex')
  t.strictSame(resolveBinary(null, places), { path: onPath, source: 'path' })
  const debug = program(project, 'codex/codex-rs/target/debug/codex')
  t.strictSame(resolveBinary(null, places), { path: debug, source: 'local' })
  const release = program(project, 'codex/codex-rs/target/release/codex')
  t.strictSame(resolveBinary(null, places), { path: release, source: 'local' })
  const build = program(project, 'codex/codex')
  t.strictSame(resolveBinary(null, places), { path: build, source: 'local' })
  const mine = program(one, 'my-codex')
  t.strictSame(resolveBinary(null, { ...places, configured: 'my-codex' }), { path: mine, source: 'env' })
  t.strictSame(resolveBinary(onPath, { ...places, configured: 'my-codex' }), {
    path: onPath,
    source: 'request',
  })
})

t.test('a directory or a plain file is no local build', async (t) => {
  const { places, project, one } = setUp(t)
  const onPath = program(one, 'codex')
  mkdirSync(path.join(project, 'codex/codex'), { recursive: true })
  chmodSync(program(project, 'codex/codex-rs/target/release/codex'), 0o644)
  t.strictSame(resolveBinary(null, places), { path: onPath, source: 'path' })
})

t.test('PATH is searched in its order, past what cannot be executed', async (t) => {
  const { dir, places, one, two } = setUp(t)
  const second = program(two, 'codex')
  const first = program(one, 'codex')
  t.equal(resolveBinary(null, places).path, first)
  t.equal(resolveBinary(null, { ...places, searchPath: `${two}:${one}` }).path, second)
  chmodSync(first, 0o644)
  t.equal(resolveBinary(null, places).path, second, 'not executable')

  mkdirSync(path.join(dir, 'three/codex'), { recursive: true })
  mkdirSync(path.join(dir, 'four'))
  symlinkSync('absent', path.join(dir, 'four/codex'))
  const searchPath = [path.join(dir, 'three'), path.join(dir, 'four'), path.join(dir, 'absent'), '', two]
  t.equal(resolveBinary(null, { ...places, searchPath: searchPath.join(':') }).path, second)
})

t.test("the project's own node_modules comes last, wherever npm put it in PATH", async (t) => {
  const { places, project, one } = setUp(t)
  const own = path.join(project, 'node_modules/.bin')
  const ours = program(own, 'codex')
  const searchPath = [own, path.join(project, 'node_modules/x/bin'), one].join(':')
  t.equal(resolveBinary(null, { ...places, searchPath }).path, ours, 'it is better than none')
  const theirs = program(one, 'codex')
  t.equal(resolveBinary(null, { ...places, searchPath }).path, theirs)

  const neighbour = program(project, 'node_modules-of-mine', 'codex')
  const beside = [own, path.dirname(neighbour), one].join(':')
  t.equal(resolveBinary(null, { ...places, searchPath: beside }).path, neighbour, 'a neighbour is not ours')
})

t.test('a name is looked up on PATH, and a path is taken as it is, from the project', async (t) => {
  const { places, project, home, one } = setUp(t)
  const named = program(one, 'other')
  const relative = program(project, 'tools/codex')
  const atHome = program(home, 'bin/codex')
  t.equal(resolveBinary('other', places).path, named)
  t.equal(resolveBinary('tools/codex', places).path, relative)
  t.equal(resolveBinary('./tools/../tools/codex', places).path, relative)
  t.equal(resolveBinary('~/bin/codex', places).path, atHome)
  t.equal(resolveBinary(null, { ...places, configured: '~/bin/codex' }).path, atHome)
  t.throws(() => resolveBinary('codex', places), missing('codex'), 'not from the project without a slash')
})

t.test('a program found through a relative PATH is told by its whole path', async (t) => {
  const { places, one } = setUp(t)
  const onPath = program(one, 'codex')
  const searchPath = path.relative(process.cwd(), one)
  t.equal(resolveBinary(null, { ...places, searchPath }).path, onPath)
})

t.test('what is named must be there: nothing else is taken in its place', async (t) => {
  const { places, one, home } = setUp(t)
  program(one, 'codex')
  mkdirSync(path.join(home, 'folder'))
  chmodSync(program(home, 'plain'), 0o644)
  for (const name of ['absent', '/absent/codex', '~/absent', '~/folder', '~/plain', '~', '', 'x\0y']) {
    t.throws(() => resolveBinary(name, places), missing(name), JSON.stringify(name))
    t.throws(() => resolveBinary(null, { ...places, configured: name }), missing(name))
  }
  t.throws(() => resolveBinary(null, { ...places, searchPath: '' }), missing('codex'))
})
