import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bundle, bundleFunctions } from '#shared/testing/functions/bundle-functions.ts'
import { KAFKA_FUNCTIONS } from '../infra/functions.ts'

/** Minified bytes, a little above what they are: a function that grows is noticed. What is in a bundle: `npm run bench -- --only bundles`. */
const LIMITS: Readonly<Record<string, number>> = {
  accounts: 256_500,
  archive: 329_000,
  audit: 596_000,
  command: 701_000,
  connect: 261_500,
  deliver: 388_500,
  disconnect: 225_000,
  fold: 662_000,
  health: 314_500,
  'kafka-brokers': 102_000,
  'kafka-topics': 404_500,
  message: 386_000,
  people: 203_500,
  read: 532_500,
  'replay-events': 253_000,
  'replay-records': 687_000,
  replays: 393_500,
  'signing-keys': 204_500,
  standing: 206_500,
  stats: 637_500,
  streams: 692_000,
  webhooks: 704_000,
  write: 665_000,
}

let folder: string
let bundles: Bundle[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-bundles-'))
  bundles = await bundleFunctions(folder)
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

describe('the bundle of every function', () => {
  test('is within its limit', () => {
    const sizes = Object.fromEntries(bundles.map(({ name, bytes }) => [name, bytes]))
    const tooLarge = Object.entries(sizes).filter(([name, bytes]) => bytes > (LIMITS[name] ?? 0))

    expect(tooLarge, JSON.stringify(sizes, null, 2)).toEqual([])
    expect(Object.keys(sizes).sort()).toEqual(Object.keys(LIMITS))
  })

  test('has the client of Kafka if it is in the list of those that connect to it, and only then', async () => {
    const texts = await Promise.all(bundles.map(({ path }) => readFile(path, 'utf8')))
    const withClient = bundles.filter((_, index) => texts[index]?.includes('KafkaJSConnectionError'))

    expect(withClient.map(({ name }) => name).sort()).toEqual([...KAFKA_FUNCTIONS].sort())
  })

  test('has a handler without what the package leaves out', async () => {
    const urls = bundles.map(({ path }) => pathToFileURL(path).href)
    const script = `for (const url of ${JSON.stringify(urls)}) {
      const { handler } = await import(url)
      console.log(typeof handler)
    }
    process.exit()`
    const run = promisify(execFile)

    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script])

    expect(stdout.trim().split('\n')).toEqual(bundles.map(() => 'function'))
  }, 60_000)
})
