import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import t from 'tap'
import { exchange, failureOf, sendRaw } from '../helpers/live-run.ts'
import { descriptorsAt, startLogApp } from '../helpers/log-app.ts'
import { until } from '../helpers/service.ts'

const TEXT = '# header\n\none ü\r\ntwo \0 🦊\nthree'

t.test('the whole log comes byte for byte as plain text', async (t) => {
  const { url, begin, app } = await startLogApp(t)
  const bytes = Buffer.concat([Buffer.from(TEXT), Buffer.from([0xff, 0xc3]), Buffer.alloc(200_000, 'x')])
  const { runId, file } = begin('one', bytes)
  const answer = await app.inject(`/runs/${runId}/log`)
  t.equal(answer.statusCode, 200)
  t.ok(answer.rawPayload.equals(bytes))
  t.match(answer.headers, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': `${bytes.length}`,
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': /^[0-9a-f]{8}$/,
  })
  const head = await sendRaw(url, { method: 'HEAD', path: `/runs/${runId}/log?follow=1` })
  t.match(head, {
    status: 200,
    text: '',
    headers: {
      'content-length': `${bytes.length}`,
      'accept-ranges': 'bytes',
      'content-type': /^text\/plain/,
    },
  })
  const headOfRange = await sendRaw(url, {
    method: 'HEAD',
    path: `/runs/${runId}/log`,
    headers: { range: 'bytes=0-1' },
  })
  t.match(headOfRange, { status: 200, headers: { 'content-length': `${bytes.length}` } })
  await until('the log is closed', () => descriptorsAt(file) === 0)
})

t.test('an empty log is an empty answer', async (t) => {
  const { begin, app } = await startLogApp(t)
  begin('one', '')
  for (const query of ['', '?tail=3']) {
    const answer = await app.inject(`/runs/one/log${query}`)
    t.match(answer, { statusCode: 200, body: '', headers: { 'content-length': '0' } })
  }
  t.match(await app.inject({ url: '/runs/one/log', headers: { range: 'bytes=0-' } }), { statusCode: 416 })
})

t.test('a range is a part; one that lies behind the end is told how much there is', async (t) => {
  const { begin, app } = await startLogApp(t)
  const { file } = begin('one', '0123456789')
  const ask = (range: string, more = {}) => app.inject({ url: '/runs/one/log', headers: { range, ...more } })
  t.match(await ask('bytes=2-4'), {
    statusCode: 206,
    body: '234',
    headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3', 'accept-ranges': 'bytes' },
  })
  t.match(await ask('bytes=-3'), {
    statusCode: 206,
    body: '789',
    headers: { 'content-range': 'bytes 7-9/10' },
  })
  t.match(await ask('bytes=7-'), { statusCode: 206, body: '789' })
  t.match(await ask('bytes=0-1,4-5'), { statusCode: 200, body: '0123456789' }, 'several: the whole')
  t.match(await ask('bytes=2-4', { 'if-range': '"etag"' }), { statusCode: 200, body: '0123456789' })
  const refused = await ask('bytes=10-')
  t.equal(refused.headers['content-range'], 'bytes */10')
  t.match(refused.json(), { ok: false, code: 'LOOPER_RANGE_UNSATISFIABLE', error: 'the log has 10 bytes' })
  await until('the log is closed', () => descriptorsAt(file) === 0)
})

t.test('a tail is the last lines, the last one also without its newline', async (t) => {
  const { begin, app } = await startLogApp(t)
  const { write } = begin('one', 'a\nb\n\nd')
  const tail = async (lines: number | string) => (await app.inject(`/runs/one/log?tail=${lines}`)).body
  t.equal(await tail(0), '')
  t.equal(await tail(1), 'd')
  t.equal(await tail(2), '\nd')
  t.equal(await tail(3), 'b\n\nd')
  t.equal(await tail(4), 'a\nb\n\nd')
  t.equal(await tail(99), 'a\nb\n\nd')
  write('\n')
  t.equal(await tail(1), 'd\n')
  write(`${'long '.repeat(40_000)}\n${'x'.repeat(65_536)}\n`)
  t.equal((await tail(1)).length, 65_537)
  t.match(await tail(2), /^long long .* \nx+\n$/)
  t.equal((await tail(3)).slice(0, 3), 'd\nl')
  for (const wrong of ['-1', 'x', '', '1.5', '9'.repeat(16)]) {
    const answer = await app.inject(`/runs/one/log?tail=${wrong}`)
    t.match(answer.json(), { code: 'LOOPER_FIELD_INVALID', error: "'tail' must be a whole number" })
  }
})

t.test('while the log grows, just what was promised is sent', async (t) => {
  const { begin, url } = await startLogApp(t)
  const bytes = Buffer.alloc(8_000_000, 'x')
  const { write } = begin('one', bytes)
  const got = await new Promise<{ length: number; promised: string | undefined }>((resolve) => {
    http.get(`${url}/runs/one/log`, async (response) => {
      let length = 0
      for await (const chunk of response) {
        length += chunk.length
        if (length < 4_000_000) write('grown')
      }
      resolve({ length, promised: response.headers['content-length'] })
    })
  })
  t.strictSame(got, { length: bytes.length, promised: `${bytes.length}` })
})

t.test(
  'a log that shrinks while it is sent cuts the connection, and a reader who leaves closes the log',
  async (t) => {
    const { begin, url } = await startLogApp(t)
    const { file } = begin('one', Buffer.alloc(50_000_000, 'x'))
    const closed = new Promise<boolean>((resolve) => {
      http.get(`${url}/runs/one/log`, (response) => {
        response.once('data', () => truncateSync(file, 10))
        response.once('close', () => resolve(response.complete))
        response.once('error', () => undefined)
      })
    })
    t.equal(await closed, false)
    await until('the log is closed', () => descriptorsAt(file) === 0)

    const other = begin('two', Buffer.alloc(50_000_000, 'x'))
    await new Promise<void>((resolve) => {
      http.get(`${url}/runs/two/log`, (response) => {
        response.once('data', () => response.destroy())
        response.once('close', resolve)
      })
    })
    await until('the log is closed', () => descriptorsAt(other.file) === 0)
  },
)

t.test('a run without a log, or with something else in its place, is a 404', async (t) => {
  const { begin, url, dir, ledger } = await startLogApp(t)
  begin('waiting', null)
  begin('never', null).finish({ outcome: 'failed_to_start' })
  const removed = begin('removed', TEXT)
  rmSync(removed.file)
  const link = begin('link', TEXT)
  rmSync(link.file)
  writeFileSync(`${dir}/secret`, 'secret')
  symlinkSync(`${dir}/secret`, link.file)
  const folder = begin('folder', TEXT)
  rmSync(folder.file)
  mkdirSync(folder.file)
  const below = begin('below', TEXT)
  ledger.step('below', { logPath: `${removed.file}/x`, launchedAt: 1 })
  for (const { runId } of [removed, link, folder, below, { runId: 'never' }]) {
    for (const query of ['', '?follow=1', '?follow=1&tail=3']) {
      const answer = await sendRaw(url, { path: `/runs/${runId}/log${query}` })
      t.strictSame(
        failureOf(answer),
        { status: 404, code: 'LOOPER_LOG_NOT_FOUND', error: 'the run has no log, or it was removed' },
        runId + query,
      )
    }
  }
  t.equal((await sendRaw(url, { path: '/runs/waiting/log' })).status, 404)
  t.equal(failureOf(await sendRaw(url, { path: '/runs/nobody/log?follow=1' })).code, 'LOOPER_RUN_NOT_FOUND')
  t.equal(descriptorsAt(folder.file), 0)

  // What is no answer of the file system about this file is not called a missing log.
  begin('odd', TEXT)
  ledger.step('odd', { logPath: `${dir}/${'x'.repeat(300)}`, launchedAt: 1 })
  for (const query of ['', '?follow=1']) {
    t.match(failureOf(await sendRaw(url, { path: `/runs/odd/log${query}` })), { code: 'LOOPER_INTERNAL' })
  }
})

t.test('many readers on one connection are served one after the other', async (t) => {
  const { begin, url } = await startLogApp(t)
  begin('one', TEXT)
  const ask = (more = '') =>
    `GET /runs/one/log HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-7\r\n${more}\r\n`
  const text = await exchange(url, ask() + ask() + ask('Connection: close\r\n'))
  t.equal(text.split('HTTP/1.1 206').length, 4)
  t.equal(text.split('\r\n\r\n# header').length, 4)
})
