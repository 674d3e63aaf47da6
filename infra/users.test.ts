import { describe, expect, test } from 'vitest'
import { exampleDeployment } from './testing/example-deployment.ts'
import { users } from './users.ts'

const poolOf = async (parameters: Record<string, string>, stage = 'prod') =>
  users(await exampleDeployment({ kafka: 'serverless', ...parameters }, { stage })).Resources?.UserPool

describe('the user pool', () => {
  test('of a protected stage cannot be deleted and outlives it, unless its first deployment fails', async () => {
    expect(await poolOf({})).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: { DeletionProtection: 'ACTIVE' },
    })
  })

  test('of any other stage goes with it', async () => {
    expect(await poolOf({}, 'dev')).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtection: 'INACTIVE' },
    })
  })

  test('takes codes of an authenticator if it is asked for', async () => {
    expect((await poolOf({}))?.Properties).toMatchObject({ MfaConfiguration: 'OFF' })
    expect((await poolOf({ mfa: 'optional' }))?.Properties).toMatchObject({
      MfaConfiguration: 'OPTIONAL',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
    })
  })

  test('requires codes if it is asked to, and the page gets to know', async () => {
    const { Resources, Outputs } = users(await exampleDeployment({ kafka: 'serverless', mfa: 'required' }))

    expect(Resources?.UserPool?.Properties).toMatchObject({
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
    })
    expect(Outputs?.TwoStepSignIn?.Value).toBe('required')
    expect(users(await exampleDeployment()).Outputs).not.toHaveProperty('TwoStepSignIn')
  })

  test('has a first administrator, who stays if a later deployment does not name them', async () => {
    const deployment = await exampleDeployment({ kafka: 'serverless', adminEmail: 'ann@example.com' })
    const { Resources = {} } = users(deployment)

    expect(Resources.Administrator).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: { Username: 'ann@example.com', DesiredDeliveryMediums: ['EMAIL'] },
    })
    // The administrator can be assigned to once the stage is deployed.
    expect(Resources.People?.DependsOn).toBe('AdministratorGroup')
    expect(Resources.AdministratorGroup?.Properties).toMatchObject({ GroupName: { Ref: 'AdminGroup' } })
    expect(users(await exampleDeployment()).Resources).not.toHaveProperty('Administrator')
  })
})
