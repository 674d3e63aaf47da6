import { describe, expect, test } from 'vitest'
import { concurrency } from './concurrency.ts'
import { KAFKA_FUNCTIONS } from './functions.ts'
import { readConcurrency } from './parameters/read-concurrency.ts'
import { exampleDeployment } from './testing/example-deployment.ts'

// https://docs.aws.amazon.com/msk/latest/developerguide/limits.html
const CONNECTIONS_OF_A_BROKER = 3000
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
const [ACCOUNT, UNRESERVED] = [1000, 100]

describe('the instances of functions that connect to Kafka', () => {
  const usual = readConcurrency('auto', 'prod')
  const total = Object.values(usual).reduce((sum, instances) => sum + instances, 0)

  test('are limited for each of them, besides fold and the function of the deployment', () => {
    expect(Object.keys(usual).sort()).toEqual(
      KAFKA_FUNCTIONS.filter((key) => key !== 'fold' && key !== 'kafka-topics').sort(),
    )
  })

  test('leave a usual account more than half of its own, and have room in a broker many times', () => {
    expect(total).toBeLessThan((ACCOUNT - UNRESERVED) / 2)
    expect(total * 10).toBeLessThanOrEqual(CONNECTIONS_OF_A_BROKER)
  })

  test('are limited in the stage prod only, unless it is asked for', () => {
    expect(readConcurrency('auto', 'dev')).toEqual({})
    expect(readConcurrency('off', 'prod')).toEqual({})
    expect(readConcurrency('write=7, audit=0', 'dev')).toEqual({ ...usual, write: 7, audit: undefined })
  })

  test.each(['write', 'write=', 'write=-1', 'deliver=5', 'fold=1,write=2', 'on'])('are not %j', (text) => {
    expect(() => readConcurrency(text, 'prod')).toThrow(/^concurrency: ".+" is not auto, off or/)
  })

  test('are reserved in the functions', async () => {
    const { extensions = {} } = concurrency(await exampleDeployment())

    expect(extensions.WriteLambdaFunction).toEqual({ Properties: { ReservedConcurrentExecutions: 100 } })
    expect(extensions.ReplayDashrecordsLambdaFunction).toBeDefined()
  })
})
