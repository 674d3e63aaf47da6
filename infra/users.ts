import { functionArn, type Resource, type Template, type Value } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'
import { kept } from './storage/tables.ts'

const MFA = { off: 'OFF', optional: 'OPTIONAL', required: 'ON' } as const

/** What the deployment adds to the user pool of serverless.yml: how it is kept safe, and its first administrator. */
export function users(deployment: Deployment): Template {
  const { adminEmail, isLocal, isProtected, mfa } = deployment
  if (isLocal) return {}
  return {
    Resources: {
      UserPool: {
        Type: 'AWS::Cognito::UserPool',
        ...kept(isProtected),
        Properties: {
          DeletionProtection: isProtected ? 'ACTIVE' : 'INACTIVE',
          MfaConfiguration: MFA[mfa],
          ...(mfa !== 'off' && { EnabledMfas: ['SOFTWARE_TOKEN_MFA'] }),
        },
      },
      // A stage is deployed once its functions know the keys of tokens: functions/signing-keys.ts.
      SigningKeys: {
        Type: 'Custom::SigningKeys',
        Properties: {
          ServiceToken: functionArn('signing-keys'),
          Issuer: { 'Fn::GetAtt': ['UserPool', 'ProviderURL'] },
        },
      },
      // And once they know who can be assigned to: functions/people.ts.
      People: {
        Type: 'Custom::People',
        ...(adminEmail !== null && { DependsOn: 'AdministratorGroup' }),
        Properties: { ServiceToken: functionArn('people'), UserPool: { Ref: 'UserPool' } },
      },
      ...(adminEmail !== null && administrator(adminEmail)),
    },
    Outputs: {
      ...(mfa !== 'off' && {
        TwoStepSignIn: { Description: 'Whether users may or must sign in with codes', Value: mfa },
      }),
      TokenUrl: {
        Description: 'Where services get tokens',
        Value: {
          'Fn::Sub': `https://\${UserPoolDomain}.auth.\${AWS::Region}.amazoncognito.com/oauth2/token`,
        },
      },
    },
  }
}

/**
 * The first administrator, whom Cognito sends an invitation with a password for one sign-in. A later deployment without
 * `adminEmail` must not delete the person, so it only forgets them.
 */
function administrator(email: string): Record<string, Resource> {
  const UserPoolId: Value = { Ref: 'UserPool' }
  return {
    Administrator: {
      Type: 'AWS::Cognito::UserPoolUser',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        UserPoolId,
        Username: email,
        DesiredDeliveryMediums: ['EMAIL'],
        UserAttributes: [
          { Name: 'email', Value: email },
          { Name: 'email_verified', Value: 'true' },
        ],
      },
    },
    AdministratorGroup: {
      Type: 'AWS::Cognito::UserPoolUserToGroupAttachment',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: { UserPoolId, GroupName: { Ref: 'AdminGroup' }, Username: { Ref: 'Administrator' } },
    },
  }
}
