import { pythonTool } from '../support/python-tool.ts'
import { runVitest } from '../support/run-vitest.ts'

/**
 * `npm run test:deploy`: every combination of parameters is packaged and checked with cfn-lint and checkov, and created
 * in moto. It takes minutes; `.ci/run` checks the main combinations with cfn-lint: `npm run test:deploy -- main`.
 */
const TOOLS: readonly [what: string, tool: string, package_: string][] = [
  ['checking templates', 'cfn-lint', 'cfn-lint'],
  ['checking what is safe', 'checkov', 'checkov'],
  ['creating the resources', 'moto_server', "'moto[server,cloudformation]'"],
]

for (const [what, tool, name] of TOOLS)
  if (pythonTool(tool) === null)
    process.stdout.write(
      `skipped: ${what}: no ${tool} on PATH (python3 -m venv venv && venv/bin/pip install ${name})\n`,
    )
process.exitCode = await runVitest(['--project=deploy', ...process.argv.slice(2)])
