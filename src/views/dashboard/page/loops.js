import { begin } from './entry.js'
import { openLoops } from './loop-session.js'

begin(openLoops)
