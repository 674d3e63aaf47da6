import { expect, test } from 'vitest'
import { joinTemplates } from './cloudformation.ts'

const stage = (Properties: Record<string, string>) => ({
  Resources: { Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties } },
})

test('templates are joined, and each may have a part of a resource', () => {
  expect(joinTemplates([stage({ StageName: 'a' }), stage({ Description: 'b' }), {}]).Resources).toEqual({
    Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: 'a', Description: 'b' } },
  })
})

test('templates that contradict each other are not joined', () => {
  const other = { Resources: { Stage: { Type: 'AWS::ApiGateway::Stage' } } }
  const output = { Outputs: { Url: { Value: 'a' } } }

  expect(() => joinTemplates([stage({ StageName: 'a' }), stage({ StageName: 'b' })])).toThrow(
    'two different values of StageName of Stage',
  )
  expect(() => joinTemplates([stage({}), other])).toThrow('two different values of Type of Stage')
  expect(() => joinTemplates([output, output])).toThrow('The template has Url twice.')
})
