import { parseArgs } from 'node:util'
import { fillLog } from './fill-log.ts'

// node bench/load/fill-log-process.ts --dir .tidewire/kafka --gigabytes 20 --days 7
const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: '.tidewire/kafka' },
    gigabytes: { type: 'string', default: '20' },
    days: { type: 'string', default: '7' },
  },
})
await fillLog({
  dataDir: values.dir,
  bytes: Number(values.gigabytes) * 1e9,
  days: Number(values.days),
  log: (line) => process.stderr.write(`${line}\n`),
})
