import t from 'tap'
import { withoutMentions } from '../../src/notices/without-mentions.ts'

t.test('nobody is mentioned, and everything else stays', async (t) => {
  t.equal(
    withoutMentions('@**all** @_**Ada|8** @*team* @_*team* ada@example.com @all #**coding** **bold**'),
    '@\u200b**all** @\u200b_**Ada|8** @\u200b*team* @\u200b_*team* ada@example.com @all #**coding** **bold**',
  )
})
