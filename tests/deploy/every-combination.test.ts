import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pythonTool } from '../support/python-tool.ts'
import { checkSafety } from './check-safety.ts'
import { COMBINATIONS, type Combination, MAIN_COMBINATIONS } from './combinations.ts'
import { lintTemplates } from './lint-templates.ts'
import { type PackagedTemplate, packageTemplate } from './package-template.ts'

const cfnLint = pythonTool('cfn-lint')
const checkov = pythonTool('checkov')
/** Sixty templates of half a megabyte: minutes on a free machine, and many more on one that is not. */
const WITHIN_MS = 3_600_000
const missing = (tool: string) => ` (skipped: no ${tool}; pip install ${tool})`

let folder: string
let templates: readonly (PackagedTemplate & Combination)[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-templates-'))
  const atOnce = pLimit(2)
  const all = [...MAIN_COMBINATIONS, ...COMBINATIONS]
  templates = await Promise.all(
    all.map((combination) =>
      atOnce(async () => ({ ...combination, ...(await packageTemplate(combination, folder)) })),
    ),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('every combination of parameters is packaged, within the limits of CloudFormation', () => {
  expect(templates.length).toBeGreaterThan(50)
  for (const { name, text, template } of templates) {
    expect.soft(Object.keys(template.Resources).length, name).toBeLessThanOrEqual(500)
    expect.soft(Buffer.byteLength(text), name).toBeLessThanOrEqual(1_000_000)
  }
})

it.skipIf(cfnLint === null)(
  `cfn-lint finds nothing${cfnLint ? '' : missing('cfn-lint')}`,
  async () => {
    const halves = [0, 1].map((half) => templates.filter((_, index) => index % 2 === half))
    const findings = await Promise.all(halves.map((half) => lintTemplates(cfnLint ?? '', half)))

    expect(findings.flat()).toEqual([])
  },
  WITHIN_MS,
)

it.skipIf(checkov === null)(
  `checkov finds what is accepted with its reason, and nothing else${checkov ? '' : missing('checkov')}`,
  async () => {
    // More shards are more of the same resources, and checkov takes a minute for each ten of these templates.
    const chosen = templates.filter(({ params }) => params.shards === undefined)
    const { failed, unused } = await checkSafety(checkov ?? '', chosen)

    expect(failed).toEqual([])
    expect(unused).toEqual([])
  },
  WITHIN_MS,
)
