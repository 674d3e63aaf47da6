import { describe, expect, test } from 'vitest'
import { environmentOf } from './environment.ts'
import { secrets } from './secrets.ts'
import { exampleDeployment } from './testing/example-deployment.ts'

const resourcesOf = async (parameters: Readonly<Record<string, string>> = {}) =>
  secrets(await exampleDeployment({ kafka: 'serverless', ...parameters })).Resources ?? {}

describe('the secrets of a stage', () => {
  test('have no value in the template, and no name that could be taken', async () => {
    const { RecordSecret, WebhookSecrets } = await resourcesOf()

    expect(RecordSecret?.Properties).toMatchObject({ GenerateSecretString: { GenerateStringKey: 'secret' } })
    expect(RecordSecret?.Properties).not.toHaveProperty('SecretString')
    expect(WebhookSecrets?.Properties).toMatchObject({ SecretString: '{}' })
    for (const one of [RecordSecret, WebhookSecrets]) expect(one?.Properties).not.toHaveProperty('Name')
  })

  test('stay when a protected stage is removed, and go with any other one', async () => {
    const policies = async (protect: string) =>
      Object.values(await resourcesOf({ protect })).map(({ DeletionPolicy }) => DeletionPolicy)

    expect(await policies('true')).toEqual(['RetainExceptOnCreate', 'RetainExceptOnCreate'])
    expect(await policies('false')).toEqual(['Delete', 'Delete'])
  })

  test('are named in the environment by their ARNs alone', async () => {
    const environment = environmentOf(await exampleDeployment())

    expect(environment).toMatchObject({
      RECORD_SECRET_ARN: { Ref: 'RecordSecret' },
      WEBHOOK_SECRETS_ARN: { Ref: 'WebhookSecrets' },
    })
    expect(environment).not.toHaveProperty('RECORD_SECRET')
    expect(environment).not.toHaveProperty('RECORD_SECRET_2')
  })

  test('are none of the local stack, which has its own in its environment', async () => {
    const local = await exampleDeployment({}, { stage: 'local' })

    expect(secrets(local)).toEqual({})
    expect(environmentOf(local)).toMatchObject({ RECORD_SECRET_ARN: '', WEBHOOK_SECRETS_ARN: '' })
  })
})
