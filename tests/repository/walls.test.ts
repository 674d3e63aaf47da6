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
  ['localstack/planted.ts', '../functions/write.ts', 'Wall: the local stack'],
  ['cli/planted.ts', '../localstack/settings.ts', 'Wall: the command line'],
  ['cli/planted.ts', '#shared/adapters/http/problem.ts', 'Wall: the command line'],
  ['cli/replay/planted.ts', '../functions/write.ts', 'Wall: a replay'],
  ['packages/serverless-offline-msk/src/planted.ts', '../../../shared/core/event.ts', 'Wall: the plugin'],
  ['functions/planted.ts', '../../elsewhere/secret.ts', 'Import across rooms'],
] as const

/** Literals that are spread into another one, and spreads that are no literals. */
const SPREAD = 'Write the members of this literal out'
const LITERALS = [
  ['export const planted = { ...{ a: 1 }, b: 2 }\n', SPREAD],
  ['export const planted = [...[1, 2], 3]\n', SPREAD],
  ['export const planted = (a?: number) => ({ ...(a !== undefined && { a }) })\n', null],
] as const
const PLUGIN = 'tests/repository/no-literal-spread.grit'

/** Imports that every room is allowed: without them the test could pass because everything is refused. */
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
  ['cli/replay/planted.ts', '#shared/adapters/kafka/kafka-log-reader.ts'],
  ['packages/serverless-offline-msk/src/planted.ts', '../../../localstack/create-topics.ts'],
] as const

/** What is planted, by a file of its own for each: its text, and what the linter must say of it (null: nothing). */
type Plant = { readonly room: string; readonly text: string; readonly message: string | null }

const importing = (imported: string) =>
  `import { planted } from '${imported}'\n\nexport const used = planted\n`
const folderOf = (file: string) => file.slice(0, file.lastIndexOf('/'))

const PLANTS: readonly Plant[] = [
  ...FORBIDDEN.map(([file, imported, message]) => ({
    room: folderOf(file),
    text: importing(imported),
    message,
  })),
  ...ALLOWED.map(([file, imported]) => ({ room: folderOf(file), text: importing(imported), message: null })),
  ...LITERALS.map(([text, message]) => ({ room: 'shared/core', text, message })),
]
const fileOf = ({ room }: Plant, index: number) => `${room}/planted-${index}.ts`

describe('the linter', () => {
  const found = new Map<string, string[]>()
  beforeAll(async () => {
    const copy = await mkdtemp(join(tmpdir(), 'tidewire-walls-'))
    await cp('biome.json', join(copy, 'biome.json'))
    await cp('.gitignore', join(copy, '.gitignore'))
    await cp(PLUGIN, join(copy, PLUGIN))
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
