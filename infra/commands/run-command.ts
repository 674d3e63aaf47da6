import { createInterface } from 'node:readline/promises'
import { createCloud } from './cloud.ts'
import type { CommandTools } from './deploy-stage.ts'
import { runFramework } from './run-framework.ts'
import { readStageOptions, type StageOptions } from './stage-options.ts'

type Tools = CommandTools & { readonly ask: (question: string) => Promise<string | null> }

/** Runs a command with the arguments of this process. An error is a line on stderr, and the exit code 1. */
export async function runCommand(
  command: (options: StageOptions, tools: Tools) => Promise<number>,
): Promise<void> {
  try {
    const options = readStageOptions(process.argv.slice(2))
    // For the SDK's clients here, as the framework does for its own.
    if (options.profile !== null) process.env.AWS_PROFILE = options.profile
    const write = (line: string) => void process.stdout.write(`${line}\n`)
    process.exitCode = await command(options, {
      cloud: createCloud(options.region),
      runFramework,
      write,
      ask,
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

async function ask(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await terminal.question(question)
  } finally {
    terminal.close()
  }
}
