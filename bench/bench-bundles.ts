import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { bundleFunctions, readEsbuildOptions } from '#shared/testing/functions/bundle-functions.ts'
import { exampleEnvironment } from '#shared/testing/functions/example-environment.ts'
import { median, type Rows, round } from './measure/measure.ts'

const STARTS = 15

/** What a function would load if it had nothing but the SDK's clients. */
const CLIENTS_ALONE = `
  import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
  import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi'
  import * as lib from '@aws-sdk/lib-dynamodb'
  const { GetCommand, PutCommand, UpdateCommand, DeleteCommand, QueryCommand, BatchGetCommand, BatchWriteCommand } = lib
  export const client = lib.DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'local' }))
  export const gateway = new ApiGatewayManagementApiClient({ region: 'local', endpoint: 'http://127.0.0.1:9' })
  export const commands = [PostToConnectionCommand, GetCommand, PutCommand, UpdateCommand, DeleteCommand, QueryCommand,
    BatchGetCommand, BatchWriteCommand]
`

/** What the SDK imports only when it is needed, which is never in Lambda. */
const NEVER_NEEDED = [
  '@aws-sdk/credential-provider-http',
  '@aws-sdk/credential-provider-ini',
  '@aws-sdk/credential-provider-login',
  '@aws-sdk/credential-provider-process',
  '@aws-sdk/credential-provider-sso',
  '@aws-sdk/credential-provider-web-identity',
  '@smithy/credential-provider-imds',
  '@smithy/core/event-streams',
]

/**
 * The minified size of every function, and the CPU time that a new process takes to import it, which composes it. The
 * ratio is to a bundle with the SDK's clients of DynamoDB and of the gateway and nothing else.
 */
export async function benchBundles(): Promise<Rows> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-bundles-'))
  try {
    const alone = join(folder, 'clients.mjs')
    const options = await readEsbuildOptions()
    const stdin = { contents: CLIENTS_ALONE, resolveDir: process.cwd() }
    const { metafile } = await build({
      ...options,
      stdin,
      external: NEVER_NEEDED,
      outfile: alone,
      metafile: true,
    })
    const [bytes = 0] = Object.values(metafile.outputs).map((output) => output.bytes)
    const bundles = [{ name: 'the clients alone', path: alone, bytes }, ...(await bundleFunctions(folder))]
    const times = await timeStarts(folder, bundles)
    const first = median(times.get('the clients alone') ?? [])
    return bundles.map(({ name, bytes: size }) => {
      const ms = median(times.get(name) ?? [])
      return { bundle: name, KB: round(size / 1000), 'ms CPU to import': round(ms), ratio: round(ms / first) }
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** In alternation, so that what else the machine does meets all of them. */
async function timeStarts(
  folder: string,
  bundles: readonly { readonly name: string; readonly path: string }[],
) {
  const script = join(folder, 'start.mjs')
  await writeFile(
    script,
    `const begin = process.cpuUsage()
    await import(process.argv[2])
    const { user, system } = process.cpuUsage(begin)
    console.log((user + system) / 1000)
    process.exit()`,
  )
  const env = { ...process.env, ...exampleEnvironment }
  const times = new Map(bundles.map(({ name }) => [name, [] as number[]]))
  for (let start = 0; start < STARTS; start++)
    for (const { name, path } of bundles) {
      const { stdout } = await promisify(execFile)(process.execPath, [script, path], { env })
      times.get(name)?.push(Number(stdout))
    }
  return times
}
