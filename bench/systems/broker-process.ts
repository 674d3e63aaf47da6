import { startBroker } from '../../localstack/broker/start-broker.ts'

/** The embedded Kafka broker as a process of its own. Prints its endpoint; ends with its parent. */
const broker = await startBroker({ port: 0, dataDir: process.argv[2] ?? '' })
process.stdout.write(`ready ${JSON.stringify({ endpoint: broker.endpoint })}\n`)
process.stdin.resume()
process.stdin.once('end', async () => {
  await broker.stop()
  process.exit()
})
