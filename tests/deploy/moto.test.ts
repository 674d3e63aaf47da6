import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Resource } from '../../infra/cloudformation.ts'
import { pythonTool } from '../support/python-tool.ts'
import { MAIN_COMBINATIONS } from './combinations.ts'
import { motoStack } from './moto-stack.ts'
import { packageTemplate } from './package-template.ts'
import { type Moto, startMoto } from './start-moto.ts'
import { templateForMoto } from './template-for-moto.ts'

const motoServer = pythonTool('moto_server')
const skipped =
  motoServer === null ? " (skipped: no moto_server; pip install 'moto[server,cloudformation]')" : ''

type Body = ReturnType<typeof templateForMoto>
let folder: string
let moto: Moto
const bodies: { first: Body; whole: Body }[] = []

describe.skipIf(motoServer === null)(`In moto, an AWS in memory${skipped}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewire-moto-'))
    for (const combination of MAIN_COMBINATIONS) {
      const { file, template } = await packageTemplate(combination, folder)
      const first = join(dirname(file), 'cloudformation-template-create-stack.json')
      bodies.push({
        first: templateForMoto(JSON.parse(await readFile(first, 'utf8'))),
        whole: templateForMoto(template),
      })
    }
    moto = await startMoto(motoServer ?? '')
  })
  afterAll(async () => {
    await moto?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  afterEach(() => moto.reset())

  it.each(MAIN_COMBINATIONS.map(({ name }, index) => [name, index] as const))(
    'everything that moto knows is created for %s',
    async (_name, index) => {
      const { first, whole } = bodies[index] ?? expect.unreachable()
      const stack = motoStack(moto.endpoint, 'tidewire')
      try {
        await stack.createBucket(first)
        await stack.deploy(whole)

        expect(await stack.status()).toBe('UPDATE_COMPLETE')
        const created = new Set((await stack.resources()).map(({ id }) => id))
        expect(Object.keys(whole.Resources).filter((id) => !created.has(id))).toEqual([])
      } finally {
        stack.stop()
      }
    },
  )

  // moto does not roll back, so here the first resource fails and its stack is deleted. That CloudFormation removes what was
  // created before, tables with RetainExceptOnCreate included, is not proven.
  it('a first deployment that fails is followed by one that succeeds', async () => {
    const { first, whole } = bodies.at(-1) ?? expect.unreachable()
    const planted: Resource = { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'no' } }
    const stack = motoStack(moto.endpoint, 'tidewire')
    try {
      await stack.createBucket(first)
      const Resources = { Planted: planted, ...whole.Resources }
      await expect(stack.deploy({ ...whole, Resources })).rejects.toThrow()
      await stack.remove()
      await stack.createBucket(first)
      await stack.deploy(whole)

      expect(await stack.status()).toBe('UPDATE_COMPLETE')
    } finally {
      stack.stop()
    }
  })

  // What is kept on deletion moto knows as Retain alone.
  it('a stage is created again beside the tables that were kept of the one before', async () => {
    const { first, whole } = bodies.at(-1) ?? expect.unreachable()
    const inUse = Object.entries(whole.Resources).map(([id, resource]) => [
      id,
      resource.DeletionPolicy === 'RetainExceptOnCreate'
        ? { ...resource, DeletionPolicy: 'Retain' }
        : resource,
    ])
    const stack = motoStack(moto.endpoint, 'tidewire')
    try {
      await stack.createBucket(first)
      await stack.deploy({ ...whole, Resources: Object.fromEntries(inUse) })
      await stack.remove()
      const kept = await stack.tables()
      await stack.createBucket(first)
      await stack.deploy(whole)

      expect(kept.length).toBeGreaterThan(0)
      expect(kept.length).toBeLessThan(8)
      expect((await stack.tables()).length).toBe(kept.length + 8)
      expect(await stack.status()).toBe('UPDATE_COMPLETE')
    } finally {
      stack.stop()
    }
  })
})
