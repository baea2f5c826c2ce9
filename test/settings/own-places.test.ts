import t from 'tap'
import { ownPlaces } from '../../src/settings/own-places.ts'

t.test('a checkout has its own files in itself', async (t) => {
  t.strictSame(ownPlaces('/home/me/looper/src/main.ts', '/home/me'), {
    packageDir: '/home/me/looper',
    projectDir: '/home/me/looper',
    isCheckout: true,
  })
})

t.test('a package has them in the home, where no install replaces them', async (t) => {
  t.strictSame(ownPlaces('/usr/lib/node_modules/looper/dist/main.js', '/home/me'), {
    packageDir: '/usr/lib/node_modules/looper',
    projectDir: '/home/me/.looper',
    isCheckout: false,
  })
})
