import { begin } from './entry.js'
import { openSession } from './session.js'

begin(openSession)
