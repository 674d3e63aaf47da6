import type { Resource, Value } from '../../infra/cloudformation.ts'

type Whole = { readonly Resources: Readonly<Record<string, Resource>> }

/**
 * The types that moto's CloudFormation cannot create (5.2.5), mappings for Kafka only. They are left out, and what refers to them gets a text; so
 * nothing is proven about them here.
 */
const GAPS =
  /^(Custom::|AWS::(ApiGatewayV2|CloudFront|Cognito|MSK|SecretsManager)::|AWS::CloudWatch::(Alarm|CompositeAlarm)$|AWS::EC2::SecurityGroupEgress$|AWS::S3::BucketPolicy$|AWS::SNS::TopicPolicy$|AWS::Lambda::EventSourceMapping$)/

/**
 * Returns the resources of a template without what moto cannot create. Outputs are left out too, because moto cannot delete
 * a stack that exports one.
 */
export function templateForMoto(template: Whole): Whole {
  const entries = Object.entries(template.Resources)
  const gone = new Set(entries.filter(([, { Type }]) => GAPS.test(Type)).map(([id]) => id))
  const kept = entries.filter(([id]) => !gone.has(id))
  return {
    Resources: Object.fromEntries(
      kept.map(([id, { DependsOn, ...rest }]) => {
        const dependencies = [DependsOn ?? []].flat().filter((one) => !gone.has(one))
        const replaced = replaceReferences(rest as Value, gone) as unknown as Resource
        return [id, { ...replaced, ...(dependencies.length > 0 && { DependsOn: dependencies }) }]
      }),
    ),
  }
}

function replaceReferences(value: Value, gone: ReadonlySet<string>): Value {
  if (typeof value === 'string')
    return value.replaceAll(/\$\{(\w+)(?:\.\w+)?\}/g, (text, id: string) =>
      gone.has(id) ? standIn(id) : text,
    )
  if (Array.isArray(value)) return value.map((item) => replaceReferences(item, gone))
  if (typeof value !== 'object' || value === null) return value
  const { Ref, 'Fn::GetAtt': attribute } = value as Readonly<Record<string, Value>>
  if (typeof Ref === 'string' && gone.has(Ref)) return standIn(Ref)
  if (Array.isArray(attribute) && gone.has(String(attribute[0]))) return standIn(String(attribute[0]))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, replaceReferences(inner as Value, gone)]),
  )
}

function standIn(id: string): string {
  return `arn:aws:service:eu-central-1:123456789012:${id}`
}
