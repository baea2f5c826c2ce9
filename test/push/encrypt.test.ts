import { createECDH } from 'node:crypto'
import t from 'tap'
import { encryptFor, encryptRecord, newMessageKeys } from '../../src/push/encrypt.ts'
import { authorizationFor, newVapidKey } from '../../src/push/vapid.ts'
import { decryptAs, newBrowserKeys, verifyVapid } from '../helpers/push-service.ts'

const bytes = (text: string) => Buffer.from(text, 'base64url')

t.test('a content is encrypted as the example of RFC 8188, 3.1, is', async (t) => {
  const sealed = encryptRecord(Buffer.from('I am the walrus'), {
    key: bytes('yqdlZ-tYemfogSmv7Ws5PQ'),
    salt: bytes('I1BsxtFttlv3u_Oo94xnmw'),
    keyId: Buffer.alloc(0),
  })
  t.equal(
    sealed.toString('base64url'),
    'I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg',
  )
})

t.test('a message is encrypted as the example of RFC 8291, 5 and appendix A, is', async (t) => {
  const device = {
    p256dh: bytes('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
    auth: bytes('BTBZMqHH6r4Tts7J_aSIgg'),
  }
  const sealed = encryptFor(device, Buffer.from('When I grow up, I want to be a watermelon'), {
    salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'),
    privateKey: bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
  })
  t.equal(
    sealed.toString('base64url'),
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  )
  const privateKey = bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94')
  t.equal(decryptAs({ ...device, privateKey }, sealed), 'When I grow up, I want to be a watermelon')
})

t.test('no two messages are encrypted alike, and only that device reads them', async (t) => {
  const [one, other] = [newBrowserKeys(), newBrowserKeys()]
  const seal = () => encryptFor(one, Buffer.from('hello 👋'), newMessageKeys())
  const [first, second] = [seal(), seal()]
  t.notSame(first, second)
  t.equal(decryptAs(one, first), 'hello 👋')
  t.equal(decryptAs(one, second), 'hello 👋')
  t.throws(() => decryptAs(other, first))
  t.throws(() => encryptFor({ ...one, p256dh: Buffer.alloc(65, 4) }, Buffer.from('x'), newMessageKeys()))
})

t.test('what proves a signature in these tests takes the example of RFC 8292, 2.4', async (t) => {
  const example =
    'vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, ' +
    'k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs'
  const { claims } = verifyVapid(example)
  t.strictSame(claims, {
    aud: 'https://push.example.net',
    exp: 1_453_523_768,
    sub: 'mailto:push@example.com',
  })
  t.throws(() => verifyVapid(example.replace('.i3', '.i4')))
})

t.test('what is signed names the push service, whom it may write to, and when it ends', async (t) => {
  const now = 1_700_000_000_123
  const to = { endpoint: 'https://push.example.net:8443/a?b=c', contact: 'mailto:a@example.com', now }
  const key = newVapidKey()
  const { claims, publicKey } = verifyVapid(authorizationFor(key, to))
  t.same(publicKey, key.publicKey)
  t.strictSame(claims, {
    aud: 'https://push.example.net:8443',
    exp: 1_700_043_200,
    sub: 'mailto:a@example.com',
  })
})

t.test('a private key that begins with zeros signs, too', async (t) => {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(Buffer.from([7]))
  const key = { publicKey: ecdh.getPublicKey(), privateKey: ecdh.getPrivateKey() }
  const to = { endpoint: 'https://push.example.net/', contact: 'mailto:a@example.com', now: 0 }
  t.same(verifyVapid(authorizationFor(key, to)).publicKey, key.publicKey)
})
