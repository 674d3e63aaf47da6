import { describe, expect, test } from 'vitest'
import { exampleDeployment } from '../testing/example-deployment.ts'
import { TABLES, tableId, tables } from './tables.ts'

const keys = Object.keys(TABLES) as (keyof typeof TABLES)[]
const resourcesOf = async (stage: string) =>
  tables(await exampleDeployment({ kafka: 'serverless' }, { stage })).Resources ?? {}

describe('the tables', () => {
  test('have names that CloudFormation makes, except in the local stack', async () => {
    const [cloud, local] = await Promise.all([resourcesOf('prod'), resourcesOf('local')])

    expect(JSON.stringify(cloud)).not.toContain('TableName')
    expect(local.DeadLettersTable?.Properties).toEqual({ TableName: 'tidewire-local-dead-letters' })
  })

  test('of a protected stage are protected, backed up and kept, if nothing can make them again', async () => {
    const resources = await resourcesOf('prod')
    const kept = keys.filter((key) => resources[tableId(key)]?.DeletionPolicy === 'RetainExceptOnCreate')

    expect(kept).toEqual(keys.filter((key) => !TABLES[key]?.isDerived))
    expect(resources.LogTable?.Properties).toEqual({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    })
  })

  test('of any other stage go with it', async () => {
    const resources = await resourcesOf('dev')

    expect(
      Object.values(resources).filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete'),
    ).toEqual([])
  })
})
