import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const biome = resolve('node_modules/.bin/biome')

/** One forbidden import for each wall (docs/architecture.md). */
const FORBIDDEN = [
  ['shared/core/planted.ts', '#shared/domain/define-domain.ts', 'Wall: the core'],
  ['shared/core/planted.ts', 'node:fs', 'Wall: the core'],
  ['shared/pipeline/planted.ts', '#shared/testing/memory/memory-claim-store.ts', 'Wall: the pipeline'],
  ['shared/client/planted.ts', '#shared/pipeline/ports.ts', 'Wall: the client'],
  ['functions/planted.ts', '#shared/testing/memory/memory-claim-store.ts', 'Wall: functions'],
  ['shared/domain/planted.ts', '#shared/pipeline/ports.ts', 'Wall: a domain is pure'],
  ['shared/domain/planted.ts', 'node:fs', 'Wall: a domain is pure'],
  ['shared/domain/planted.ts', 'kafkajs', 'Wall: a domain is pure'],
  ['shared/pipeline/planted.ts', '#shared/domain/catalog.ts', 'Wall: the pipeline'],
  ['shared/pipeline/planted.ts', '#shared/adapters/kafka/kafka-event-log.ts', 'Wall: the pipeline'],
  ['shared/pipeline/planted.ts', '@aws-sdk/client-dynamodb', 'Wall: the pipeline'],
  ['shared/adapters/planted.ts', '#shared/domain/port.ts', 'Wall: adapters'],
  ['shared/adapters/planted.ts', '#shared/client/connect.ts', 'Wall: adapters'],
  ['shared/api/planted.ts', '#shared/domain/catalog.ts', 'Wall: the documents'],
  ['shared/api/planted.ts', '#shared/adapters/http/problem.ts', 'Wall: the documents'],
  ['shared/api/planted.ts', 'node:fs', 'Wall: the documents'],
  ['shared/client/planted.ts', 'node:fs', 'Wall: the client'],
  ['shared/client/planted.ts', 'react', 'Wall: the client'],
  ['shared/client/planted.ts', '#shared/domain/catalog.ts', 'Wall: the client'],
  ['functions/planted.ts', '../localstack/settings.ts', 'Wall: functions'],
  ['web/src/planted.ts', '#shared/pipeline/deliver/deliver.ts', 'Wall: the web app'],
  ['web/src/domains/blog/planted.ts', '../port/panel.tsx', 'Wall: a domain’s panel'],
  ['web/src/domains/blog/planted.ts', '#web/domains/port/panel.ts', 'Wall: a domain’s panel'],
  ['web/src/domains/blog/planted.ts', '#web/app/shell.tsx', 'Wall: a domain’s panel'],
  ['localstack/planted.ts', '#shared/core/event.ts', 'Wall: the local stack'],
  ['localstack/planted.ts', '#shared/adapters/kafka/kafka-topics.ts', 'Wall: the local stack'],
  ['localstack/planted.ts', '../functions/write.ts', 'Wall: the local stack'],
  ['cli/planted.ts', '../localstack/settings.ts', 'Wall: the command line'],
  ['cli/planted.ts', '#shared/adapters/http/problem.ts', 'Wall: the command line'],
  ['cli/replay/planted.ts', '../functions/write.ts', 'Wall: the command line'],
  ['cli/replay/planted.ts', '#shared/adapters/kafka/kafka-log-reader.ts', 'Wall: the command line'],
  ['packages/serverless-offline-msk/src/planted.ts', '../../../shared/core/event.ts', 'Wall: the plugin'],
  ['functions/planted.ts', '../../elsewhere/secret.ts', 'Import across rooms'],
] as const

/** One import of the inside of a room for each room that has faces, from where its face may be imported. */
const INSIDE = [
  ['shared/pipeline/deliver/planted.ts', '#shared/pipeline/accept/planted.ts'],
  ['shared/pipeline/accept/planted.ts', '#shared/pipeline/cloudevents/binary-mode.ts'],
  ['shared/pipeline/views/planted.ts', '#shared/pipeline/consume/planted.ts'],
  ['functions/planted.ts', '#shared/pipeline/deliver/push-events.ts'],
  ['functions/planted.ts', '#shared/pipeline/history/planted.ts'],
  ['functions/planted.ts', '#shared/pipeline/lifecycle/planted.ts'],
  ['functions/planted.ts', '#shared/pipeline/replays/planted.ts'],
  ['functions/planted.ts', '#shared/pipeline/sockets/subscribe.ts'],
  ['functions/planted.ts', '#shared/pipeline/stats/planted.ts'],
  ['functions/planted.ts', '#shared/pipeline/streams/present-records.ts'],
  ['functions/planted.ts', '#shared/pipeline/views/planted.ts'],
  ['functions/planted.ts', '#shared/pipeline/webhooks/verify.ts'],
  ['functions/planted.ts', '#shared/api/parameters.ts'],
  ['web/src/live/planted.ts', '#shared/client/feed.ts'],
  ['cli/tail/planted.ts', '#shared/client/connection.ts'],
  ['web/src/app/planted.ts', '#web/domains/blog/blog-page.tsx'],
  ['web/src/app/planted.ts', '#web/domains/market/market-page.tsx'],
  ['web/src/app/planted.ts', '#web/domains/pipeline/pipeline-page.tsx'],
  ['web/src/app/planted.ts', '#web/domains/port/port-page.tsx'],
  ['web/src/app/planted.ts', '#web/domains/sensors/sensors-page.tsx'],
  ['web/src/app/planted.ts', '#web/auth/sign-in-error.ts'],
  ['web/src/planted.ts', './app/shell.tsx'],
  ['web/src/app/planted.ts', '#web/docs/operation-card.tsx'],
  ['localstack/planted.ts', './broker/server.ts'],
  ['localstack/broker/planted.ts', '#shared/adapters/kafka/records/lz4-frame.ts'],
  ['localstack/identity/planted.ts', '../broker/server.ts'],
  ['localstack/planted.ts', './msk-trigger/process-batch.ts'],
  ['localstack/planted.ts', './identity/serve-identity.ts'],
  ['localstack/planted.ts', './dynamodb/run-operation.ts'],
  ['localstack/planted.ts', './gateway/http-api.ts'],
  ['localstack/gateway/planted.ts', '../lambda/function-host.ts'],
  ['localstack/planted.ts', './java/jvm.ts'],
  ['localstack/planted.ts', './web/serve-files.ts'],
  ['packages/serverless-offline-msk/src/planted.ts', '../../../localstack/broker/server.ts'],
  ['cli/planted.ts', './publish/read-input.ts'],
  ['cli/planted.ts', './simulate/simulate-domains.ts'],
  ['cli/tail/planted.ts', '../publish/read-input.ts'],
  ['cli/planted.ts', './tail/tail-events.ts'],
  ['cli/planted.ts', './replay/list-replays.ts'],
  ['cli/replay/planted.ts', '../dead-letters/letter-filter.ts'],
] as const

/** Imports of a face, or of the inside by the room itself or by a test. */
const FACES = [
  ['functions/planted.ts', '#shared/pipeline/accept/accept.ts'],
  ['shared/pipeline/accept/planted.ts', './check-event.ts'],
  ['shared/pipeline/webhooks/providers/planted.ts', '#shared/pipeline/webhooks/provider.ts'],
  ['functions/planted.test.ts', '#shared/pipeline/deliver/push-events.ts'],
  ['shared/testing/planted.ts', '#shared/pipeline/deliver/push-events.ts'],
  ['bench/planted.ts', '#shared/pipeline/deliver/push-events.ts'],
  ['tests/planted.ts', '#shared/client/feed.ts'],
  ['web/src/live/planted.ts', '#shared/client/connect.ts'],
  ['web/src/app/planted.ts', '#web/domains/port/panel.ts'],
  ['web/src/domains/market/chart/planted.ts', '#web/domains/market/money-text.ts'],
  ['localstack/planted.ts', './broker/start-broker-worker.ts'],
  ['localstack/broker/planted.ts', '#shared/adapters/kafka/records/decompress.ts'],
  ['localstack/broker/apis/planted.ts', '../wire/codec.ts'],
  ['cli/planted.ts', './publish/publish-command.ts'],
] as const

/** Literals that are spread into another one, and spreads of other expressions. */
const SPREAD = 'Write the members of this literal out'
const LITERALS = [
  ['export const planted = { ...{ a: 1 }, b: 2 }\n', SPREAD],
  ['export const planted = [...[1, 2], 3]\n', SPREAD],
  ['export const planted = (a?: number) => ({ ...(a !== undefined && { a }) })\n', null],
] as const
const PLUGINS = ['tests/repository/faces.grit', 'tests/repository/no-literal-spread.grit']

/** Imports that every room is allowed. Otherwise the test could pass because everything is refused. */
const ALLOWED = [
  ['shared/domain/planted.ts', 'zod'],
  ['shared/domain/planted.ts', './port.ts'],
  ['shared/pipeline/planted.ts', '#shared/domain/define-domain.ts'],
  ['shared/adapters/planted.ts', '#shared/pipeline/ports.ts'],
  ['shared/api/planted.ts', '#shared/core/channel.ts'],
  ['shared/core/planted.ts', 'zod'],
  ['shared/core/planted.ts', './event.ts'],
  ['shared/domain/planted.ts', '#shared/core/channel.ts'],
  ['web/src/planted.ts', '#shared/core/event.ts'],
  ['shared/api/planted.ts', '#shared/domain/define-domain.ts'],
  ['shared/api/planted.ts', 'zod'],
  ['shared/client/planted.ts', '#shared/core/cursor.ts'],
  ['shared/client/planted.ts', '#shared/domain/define-domain.ts'],
  ['functions/planted.ts', '#shared/domain/catalog.ts'],
  ['web/src/planted.ts', '#shared/client/connect.ts'],
  ['web/src/domains/blog/planted.ts', './panel.tsx'],
  ['web/src/domains/blog/planted.ts', '#web/ui/layout/card.tsx'],
  ['localstack/planted.ts', './settings.ts'],
  ['cli/planted.ts', '#shared/client/connect.ts'],
  ['packages/serverless-offline-msk/src/planted.ts', '../../../localstack/create-topics.ts'],
] as const

/** The planted files: the text of each, and the message that the linter must report for it (null: none). */
type Plant = {
  readonly room: string
  readonly text: string
  readonly message: string | null
  readonly isTest?: boolean
}

const importing = (imported: string) =>
  `import { planted } from '${imported}'\n\nexport const used = planted\n`
const folderOf = (file: string) => file.slice(0, file.lastIndexOf('/'))

const PLANTS: readonly Plant[] = [
  ...FORBIDDEN.map(([file, imported, message]) => ({
    room: folderOf(file),
    text: importing(imported),
    message,
  })),
  ...INSIDE.map(([file, imported]) => ({
    room: folderOf(file),
    text: importing(imported),
    message: 'Face: import this room through one of its faces',
  })),
  ...[...ALLOWED, ...FACES].map(([file, imported]) => ({
    room: folderOf(file),
    text: importing(imported),
    message: null,
    isTest: file.endsWith('.test.ts'),
  })),
  ...LITERALS.map(([text, message]) => ({ room: 'shared/core', text, message })),
]
const fileOf = ({ room, isTest = false }: Plant, index: number) =>
  `${room}/planted-${index}${isTest ? '.test' : ''}.ts`

describe('the linter', () => {
  const found = new Map<string, string[]>()
  beforeAll(async () => {
    const copy = await mkdtemp(join(tmpdir(), 'tidewire-walls-'))
    await cp('biome.json', join(copy, 'biome.json'))
    await cp('.gitignore', join(copy, '.gitignore'))
    for (const plugin of PLUGINS) await cp(plugin, join(copy, plugin))
    for (const [index, plant] of PLANTS.entries()) {
      const path = join(copy, fileOf(plant, index))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, plant.text)
    }
    for (const [name, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ])
      await writeFile(
        join(copy, `shared/core/circle-${name}.ts`),
        `import { ${other} } from './circle-${other}.ts'\n\nexport const ${name} = () => ${other}\n`,
      )
    const { stdout } = await run(biome, ['lint', '--reporter=json', '--max-diagnostics=none', '.'], {
      cwd: copy,
      maxBuffer: 1 << 26,
    }).catch((error) => error)
    for (const { category, message, location } of JSON.parse(stdout).diagnostics)
      if (/noRestrictedImports|noImportCycles|plugin/.test(category))
        found.set(location.path, [...(found.get(location.path) ?? []), message.replaceAll("'", '’')])
    await rm(copy, { recursive: true, force: true })
  })

  it.each(PLANTS.map((plant, index) => ({ ...plant, file: fileOf(plant, index) })))(
    'says of $text in $room: $message',
    ({ file, message }) => {
      const said = found.get(file) ?? []

      if (message === null) expect(said).toEqual([])
      else expect(said.join('\n')).toContain(message)
    },
  )

  it('refuses imports in a circle', () => {
    expect(found.get('shared/core/circle-a.ts')?.join()).toContain('cycle')
  })
})
