import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAccess } from '../localstack/access/read-access.ts'
import type { RecordedCall } from '../localstack/access/record-calls.ts'
import { unusedGrants } from '../localstack/access/unused-grants.ts'
import { resolveService } from '../localstack/resolve-service.ts'
import { runVitest } from './support/run-vitest.ts'

/**
 * `npm run test:grants`: runs suites over the local stack, records which calls the functions make, and prints what
 * their roles allow that none of them needed. It fails if a suite fails, or if a call was not allowed. What is printed is
 * to be judged: it may be for what a suite cannot bring about, such as a crash between two writes. With arguments it runs
 * those suites; with ACCESS_RECORD it reads an earlier record, and runs nothing.
 */
const SUITES = ['tests/integration', 'tests/faults']
const given = process.env.ACCESS_RECORD
const folder = await mkdtemp(join(tmpdir(), 'tidewire-grants-'))
try {
  const file = given ?? join(folder, 'calls.jsonl')
  const suites = process.argv.length > 2 ? process.argv.slice(2) : SUITES
  const code = given === undefined ? await runVitest(suites, { ACCESS_RECORD: file }) : 0
  const calls = (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line): RecordedCall => JSON.parse(line))
  const denied = calls.filter(({ isAllowed }) => !isAllowed)
  const unused = unusedGrants(readAccess(await resolveService('local')), calls)
  const byRole = Map.groupBy(unused, ({ role }) => role)
  for (const [role, grants] of byRole) {
    process.stdout.write(`\n${role} allows, and nothing needed:\n`)
    for (const { action, resource, key } of grants)
      process.stdout.write(`  ${action} on ${resource}${key === null ? '' : ` with the key ${key}`}\n`)
  }
  for (const { function: name, action, resource } of denied)
    process.stdout.write(`\n${name} was refused ${action} on ${resource}\n`)
  process.stdout.write(`\n${unused.length} grants were not needed, ${denied.length} calls were refused\n`)
  process.exitCode = denied.length > 0 ? 1 : code
} finally {
  await rm(folder, { recursive: true, force: true })
}
