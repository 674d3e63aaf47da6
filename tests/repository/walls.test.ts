import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

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

describe('the walls between the rooms', () => {
  let copy = ''
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'tidewire-walls-'))
    await cp('biome.json', join(copy, 'biome.json'))
    await cp('.gitignore', join(copy, '.gitignore'))
  })
  afterAll(() => rm(copy, { recursive: true, force: true }))

  async function lint(file: string, imported: string): Promise<string> {
    const path = join(copy, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `import { planted } from '${imported}'\n\nexport const used = planted\n`)
    const { stdout } = await run(biome, ['lint', '--reporter=json', file], { cwd: copy }).catch(
      (error) => error,
    )
    await rm(path)
    return stdout
  }

  it.each(FORBIDDEN)('refuse that %s imports %s', async (file, imported, message) => {
    const report = await lint(file, imported)

    expect(report).toContain('noRestrictedImports')
    expect(report.replaceAll("'", '’')).toContain(message)
  })

  it.each(ALLOWED)('let %s import %s', async (file, imported) => {
    const report = await lint(file, imported)

    expect(report).not.toContain('noRestrictedImports')
  })
})
