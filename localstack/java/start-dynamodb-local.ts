import { join } from 'node:path'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { ensureJars, freePort, startJvm, waitUntilReady } from './jvm.ts'

type StartDynamodbLocal = { port?: number; dir?: string; log?: (line: string) => void }

/**
 * Starts Amazon's DynamoDB Local, in memory, on a free port unless `port` is given. Its jars are in `dir`.
 * It is Amazon's own, and has what the tables of the local stack do not, such as secondary indexes. It needs Java 17.
 * @returns `endpoint` as a URL, and `stop`, which resolves when the JVM is gone.
 * @throws MissingToolError without `java` or `mvn`; Error with its last output if it does not start.
 */
export async function startDynamodbLocal({
  port = 0,
  dir = '.tidewire-dynamodb-local',
  log = () => {},
}: StartDynamodbLocal = {}): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const pom = join(import.meta.dirname, 'dynamodb-local.pom.xml')
  const { lib, version } = await ensureJars({ pom, property: 'dynamodb-local.version', dir, log })
  const chosen = port || (await freePort())
  const jvm = startJvm([
    '-Xmx256m',
    `-Djava.library.path=${lib}`,
    '-cp',
    join(lib, '*'),
    'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
    '-inMemory',
    // One set of tables for all access keys and regions.
    '-sharedDb',
    '-disableTelemetry',
    '-port',
    String(chosen),
  ])
  const endpoint = `http://127.0.0.1:${chosen}`
  await waitUntilReady(jvm, () => listTables(endpoint), 60_000)
  log(`DynamoDB Local ${version} listens on ${endpoint}`)
  return { endpoint, stop: jvm.stop }
}

async function listTables(endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  try {
    await client.send(new ListTablesCommand({}))
  } finally {
    client.destroy()
  }
}
