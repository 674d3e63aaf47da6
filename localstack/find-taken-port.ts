import { createServer } from 'node:net'
import type { PortName, Settings } from './settings.ts'

/** The first port of these settings that something else listens on, or null. */
export async function findTakenPort({
  ports,
  kafkaBrokers,
  dynamodbEndpoint,
}: Settings): Promise<PortName | null> {
  for (const [name, port] of Object.entries(ports) as [PortName, number][]) {
    if (name === 'KAFKA_PORT' && kafkaBrokers) continue
    if (name === 'DYNAMODB_PORT' && dynamodbEndpoint) continue
    if (await isTaken(port)) return name
  }
  return null
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(true))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)))
  })
}
