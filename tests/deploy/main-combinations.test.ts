import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pythonTool } from '../support/python-tool.ts'
import { MAIN_COMBINATIONS } from './combinations.ts'
import { lintTemplates } from './lint-templates.ts'
import { type PackagedTemplate, packageTemplate } from './package-template.ts'

const cfnLint = pythonTool('cfn-lint')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-templates-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

// cfn-lint takes seconds for each template, and CI has two cores.
describe.concurrent(`A stage is packaged${cfnLint === null ? ' (no cfn-lint: unchecked)' : ', and cfn-lint finds nothing'}`, () => {
  it.each(MAIN_COMBINATIONS.map((combination) => [combination.name, combination] as const))(
    'for %s',
    async (_name, combination) => {
      const packaged = await packageTemplate(combination, folder)

      expect(Object.keys(packaged.template.Resources).length).toBeLessThanOrEqual(500)
      expect(Buffer.byteLength(packaged.text)).toBeLessThanOrEqual(1_000_000)
      expect(watchedFunctions(packaged.template)).toEqual(functionsOf(packaged.template))
      if (cfnLint !== null) expect(await lintTemplates(cfnLint, [packaged])).toEqual([])
    },
  )
})

function functionsOf({ Resources }: PackagedTemplate['template']): readonly unknown[] {
  const all = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function')
  return all.map(({ Properties }) => Properties?.FunctionName).sort()
}

/** The functions whose errors an alarm looks at. */
function watchedFunctions({ Resources }: PackagedTemplate['template']): readonly unknown[] {
  const alarms = Object.entries(Resources).filter(([id]) => /^FunctionsFail\d*Alarm$/.test(id))
  const text = JSON.stringify(alarms)
  return [...text.matchAll(/"Name":"FunctionName","Value":"([^"]+)"/g)].map(([, name]) => name).sort()
}
