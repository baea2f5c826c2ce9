// A thread's whole work: gives the file system back what a ledger does not need any more. Others may go on reading it
// meanwhile; what they write waits. JavaScript, so that the thread is spared the loading of what strips types.

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const db = new DatabaseSync(workerData)
db.exec('PRAGMA busy_timeout = 2000; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')
db.close()
parentPort.postMessage('done')
