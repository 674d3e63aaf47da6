import type { Resource, Template } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'

/**
 * The secrets of a stage, which its functions read when they need them (docs/adr/0040). Their values are in no template
 * and in no environment. CloudFormation makes the names: one that was deleted is taken for up to 30 days.
 */
export function secrets(deployment: Deployment): Template {
  if (deployment.isLocal) return {}
  return {
    Resources: {
      // A change of GenerateSecretString makes a new secret, and the one that signed what is in the log is lost:
      // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
      RecordSecret: secretOf(deployment, {
        Description: `What ${deployment.prefix} signs its records in Kafka with (tidewire secrets rotate)`,
        GenerateSecretString: {
          SecretStringTemplate: '{}',
          GenerateStringKey: 'secret',
          PasswordLength: 43,
          ExcludePunctuation: true,
        },
      }),
      // Filled by an operator (docs/webhooks.md). CloudFormation writes the value only when it changes in the template.
      WebhookSecrets: secretOf(deployment, {
        Description: `What the senders of webhooks to ${deployment.prefix} sign with, as JSON: WEBHOOK_SECRET_<NAME>`,
        SecretString: '{}',
      }),
    },
    Outputs: {
      RecordSecretArn: {
        Description: 'The secret that signs records (tidewire secrets rotate)',
        Value: { Ref: 'RecordSecret' },
      },
      WebhookSecretsArn: {
        Description: 'The secret with those of webhooks (docs/webhooks.md)',
        Value: { Ref: 'WebhookSecrets' },
      },
    },
  }
}

/** A log that outlives its stage can be read on only with the secret that signed it. */
function secretOf({ isProtected }: Deployment, properties: Resource['Properties']): Resource {
  return {
    Type: 'AWS::SecretsManager::Secret',
    DeletionPolicy: isProtected ? 'RetainExceptOnCreate' : 'Delete',
    UpdateReplacePolicy: isProtected ? 'Retain' : 'Delete',
    ...(properties && { Properties: properties }),
  }
}
