import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { copyJars } from '../apache-kafka/copy-jars.ts'
import { freePort, startJvm, waitUntilReady } from '../apache-kafka/start-jvm.ts'

type StartDynamodbLocal = { port?: number; dir?: string; log?: (line: string) => void }

/**
 * Starts Amazon's DynamoDB Local, in memory, on a free port unless `port` is given. `dir` keeps its jars.
 * It has what dynalite lacks (transactions, condition semantics by Amazon); it needs Java 17.
 * @returns `endpoint` as a URL, and `stop`, which resolves when the JVM is gone.
 * @throws MissingToolError without `java` or `mvn`; Error with its last words when it does not start.
 */
export async function startDynamodbLocal({
  port = 0,
  dir = '.tidewire-dynamodb-local',
  log = () => {},
}: StartDynamodbLocal = {}): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const pom = join(import.meta.dirname, 'pom.xml')
  const version = /<dynamodb-local\.version>(.+)<\//.exec(await readFile(pom, 'utf8'))?.[1]
  if (!version) throw new Error(`${pom} does not pin dynamodb-local.version`)
  const lib = await copyJars({ pom, target: join(dir, `lib-${version}`), log })
  const chosen = port || (await freePort())
  const main = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner'
  const jvm = startJvm([
    ...['-Xmx256m', `-Djava.library.path=${lib}`, '-cp', join(lib, '*'), main],
    // The shared database makes one set of tables for all access keys and regions.
    ...['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(chosen)],
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
