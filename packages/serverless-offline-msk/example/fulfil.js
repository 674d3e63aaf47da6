const { appendFile, readFile } = require('node:fs/promises')

const journal = process.env.JOURNAL ?? 'received.jsonl'

/** Writes each event that it receives to a file. An order that says "fail once" fails the first time. */
exports.handler = async (event) => {
  const before = await readFile(journal, 'utf8').catch(() => '')
  await appendFile(journal, `${JSON.stringify(event)}\n`)
  for (const records of Object.values(event.records)) {
    for (const { value, partition, offset } of records) {
      const order = Buffer.from(value, 'base64').toString()
      console.log(`order ${order} of partition ${partition}, offset ${offset}`)
      if (order.includes('fail once') && !before.includes(value)) throw new Error(`cannot fulfil ${order}`)
    }
  }
}
