import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import {
  deliveryIdOf,
  HOOK_KINDS,
  isAuthentic,
  mayBeAuthentic,
  signingKeys,
} from '../../../src/triggers/hooks/verify.ts'

const NOW = 1_614_265_330_000
const delivery = (headers: IncomingHttpHeaders, body = '') => ({ headers, body: Buffer.from(body) })

/** docs.github.com, "Validating webhook deliveries": its own test values. */
const GITHUB = {
  secret: "It's a Secret to Everybody",
  body: 'Hello, World!',
  signature: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
}

/** The vector that the libraries of standardwebhooks.com test themselves with. */
const STANDARD = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  body: '{"test": 2432232314}',
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
}

t.test("GitHub's own example is authentic, and nothing near it is", async (t) => {
  const { secret, body, signature } = GITHUB
  const check = (given: string | undefined, text = body, secrets = [secret]) =>
    isAuthentic(
      'github',
      delivery(given === undefined ? {} : { 'x-hub-signature-256': given }, text),
      secrets,
      NOW,
    )
  t.equal(check(signature), true)
  t.equal(check(signature, body, ['another', secret]), true, 'with either secret, during a rotation')
  t.equal(check(signature, 'Hello, World'), false)
  t.equal(check(signature, body, ['another']), false)
  t.equal(check(signature, body, []), false)
  for (const bad of [undefined, '', 'sha256=', signature.slice(0, -1), `${signature}0`, signature.slice(7)])
    t.equal(check(bad), false, String(bad))
})

t.test('the published vector of Standard Webhooks is authentic, and nothing near it is', async (t) => {
  const { secret, body, headers } = STANDARD
  const check = (more: IncomingHttpHeaders, { text = body, secrets = [secret], now = NOW } = {}) =>
    isAuthentic('standard', delivery({ ...headers, ...more }, text), secrets, now)
  t.equal(check({}), true)
  t.equal(check({}, { now: NOW + 300_000 }), true, 'five minutes late')
  t.equal(check({}, { now: NOW + 301_000 }), false, 'later')
  t.equal(check({}, { now: NOW - 301_000 }), false, 'from the future')
  t.equal(check({}, { text: '{"test": 2432232315}' }), false)
  t.equal(check({ 'webhook-id': 'msg_other' }), false)
  t.equal(check({ 'webhook-id': '' }), false)
  t.equal(check({ 'webhook-timestamp': '1614265331' }), false)
  for (const none of ['', 'x', '1e9', '-1', '1614265330.5', ' 1614265330', undefined])
    t.equal(check({ 'webhook-timestamp': none }), false, `timestamp ${none}`)
  for (const none of ['', 'v1,', undefined, headers['webhook-signature'].slice(3), 'v1a,AAAA'])
    t.equal(check({ 'webhook-signature': none }), false, `signature ${none}`)
})

t.test('one good signature among several is enough, and so is one good key', async (t) => {
  const { secret, body, headers } = STANDARD
  const other = `whsec_${Buffer.from('other').toString('base64')}`
  const several = { ...headers, 'webhook-signature': `v1,AAAA v1a,BBBB ${headers['webhook-signature']}` }
  t.equal(isAuthentic('standard', delivery(several, body), [other, secret], NOW), true)
  t.equal(isAuthentic('standard', delivery(several, body), [other], NOW), false)
})

t.test('the published vector verifies with its secret without the prefix, too', async (t) => {
  const { secret, body, headers } = STANDARD
  const bare = secret.slice('whsec_'.length)
  t.equal(isAuthentic('standard', delivery(headers, body), [bare], NOW), true)
  t.equal(isAuthentic('standard', delivery(headers, '{}'), [bare], NOW), false)
})

t.test('no secret stands for an empty key, or for a short one that it happens to spell', async (t) => {
  t.strictSame(signingKeys('whsec_'), [])
  t.strictSame(signingKeys('whsec_!'), [])
  t.strictSame(signingKeys('whsec_YWJj'), [Buffer.from('abc')])
  t.strictSame(signingKeys('whsec_YQ=='), [Buffer.from('a')])
  t.strictSame(signingKeys('a'), ['a'])
  t.strictSame(signingKeys('password'), ['password'], 'which is base64, too')
  const key = Buffer.alloc(24, 'k')
  t.strictSame(signingKeys(key.toString('base64')), [key.toString('base64'), key])
  const signed = createHmac('sha256', '').update('id.1614265330.{}').digest('base64')
  const headers = {
    'webhook-id': 'id',
    'webhook-timestamp': '1614265330',
    'webhook-signature': `v1,${signed}`,
  }
  for (const secret of ['whsec_', 'whsec_!', '!', '====='])
    t.equal(isAuthentic('standard', delivery(headers, '{}'), [secret], NOW), false, secret)
})

t.test('a key without prefix is taken as it is', async (t) => {
  const signed = createHmac('sha256', 'a plain key').update(`id.1614265330.{}`).digest('base64')
  const headers = {
    'webhook-id': 'id',
    'webhook-timestamp': '1614265330',
    'webhook-signature': `v1,${signed}`,
  }
  t.equal(isAuthentic('standard', delivery(headers, '{}'), ['a plain key'], NOW), true)
})

t.test('GitLab shows its token, or signs; with a signature there, the token does not count', async (t) => {
  const { secret, body, headers } = STANDARD
  const token = (given: string | string[]) =>
    isAuthentic('gitlab', delivery({ 'x-gitlab-token': given }), ['right'], NOW)
  t.equal(token('right'), true)
  for (const wrong of ['wrong', '', 'righ', 'rightt', ['right']]) t.equal(token(wrong), false, String(wrong))
  t.equal(isAuthentic('gitlab', delivery({}), ['right'], NOW), false)
  t.equal(isAuthentic('gitlab', delivery(headers, body), [secret], NOW), true)
  const mixed = { 'x-gitlab-token': 'right', 'webhook-signature': 'v1,bad' }
  t.equal(isAuthentic('gitlab', delivery(mixed), ['right'], NOW), false)
})

t.test('a bearer is compared whole', async (t) => {
  const check = (authorization?: string) =>
    isAuthentic('bearer', delivery(authorization === undefined ? {} : { authorization }), ['old', 'new'], NOW)
  t.equal(check('Bearer old'), true)
  t.equal(check('Bearer new'), true)
  t.equal(check('bearer new'), true, 'a scheme has no case')
  for (const wrong of [undefined, '', 'new', 'Bearer', 'Bearer ', 'Bearer newer', 'Basic new'])
    t.equal(check(wrong), false, String(wrong))
})

t.test("a delivery is known by its sender's name for it", async (t) => {
  t.equal(deliveryIdOf('github', delivery({ 'x-github-delivery': 'a' })), 'a')
  t.equal(deliveryIdOf('gitlab', delivery({ 'idempotency-key': 'b' })), 'b')
  t.equal(deliveryIdOf('gitlab', delivery({ 'webhook-id': 'c', 'idempotency-key': 'b' })), 'c')
  t.equal(
    deliveryIdOf('gitlab', delivery({ 'x-gitlab-webhook-uuid': 'x' })),
    null,
    'which names the webhook, not the delivery',
  )
  t.equal(deliveryIdOf('standard', delivery({ 'webhook-id': 'd' })), 'd')
  t.equal(deliveryIdOf('bearer', delivery({ 'idempotency-key': 'e' })), 'e')
  for (const kind of HOOK_KINDS) t.equal(deliveryIdOf(kind, delivery({})), null, kind)
})

t.test('headers alone tell what need not be read', async (t) => {
  const may = (kind: (typeof HOOK_KINDS)[number], headers: IncomingHttpHeaders, now = NOW) =>
    mayBeAuthentic(kind, { headers }, ['right', 'new'], now)
  const hex = 'a'.repeat(64)
  const signed = { ...STANDARD.headers, 'webhook-signature': `v1,${'A'.repeat(43)}=` }
  t.equal(may('github', { 'x-hub-signature-256': `sha256=${hex}` }), true, 'the body will tell')
  t.equal(may('standard', signed), true)
  t.equal(may('gitlab', signed), true)
  t.equal(may('standard', { ...signed, 'webhook-signature': `v1a,x ${signed['webhook-signature']}` }), true)
  t.equal(may('gitlab', { 'x-gitlab-token': 'new' }), true)
  t.equal(may('bearer', { authorization: 'bearer right' }), true)

  for (const kind of HOOK_KINDS) t.equal(may(kind, {}), false, kind)
  for (const form of [
    hex,
    `sha256=${hex}0`,
    `sha256=${hex.slice(1)}`,
    `sha256=${hex.toUpperCase()}`,
    `sha1=${hex}`,
  ])
    t.equal(may('github', { 'x-hub-signature-256': form }), false, form)
  for (const kind of ['standard', 'gitlab'] as const) {
    t.equal(may(kind, signed, NOW + 301_000), false, 'too old')
    t.equal(may(kind, { ...signed, 'webhook-id': '' }), false)
    for (const form of ['', 'v1,', `v1,${'A'.repeat(44)}=`, `v1,${'!'.repeat(43)}=`, `v2,${'A'.repeat(43)}=`])
      t.equal(may(kind, { ...signed, 'webhook-signature': form }), false, form)
  }
  t.equal(may('gitlab', { ...signed, 'webhook-signature': '', 'x-gitlab-token': 'right' }), false)
  t.equal(may('gitlab', { 'x-gitlab-token': 'wrong' }), false)
  t.equal(may('bearer', { authorization: 'Bearer wrong' }), false)
})
