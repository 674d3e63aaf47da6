import { parseArgs } from 'node:util'
import { findFaketime } from '../support/fake-clock.ts'
import { isClean } from './check-deliveries.ts'
import { describeFaultRun, runFaults } from './fault-run.ts'
import { runFunctionTimeouts } from './function-timeouts.ts'
import { runHandOvers } from './hand-over.ts'
import { runReplayKill } from './replay-kill.ts'
import { runSleepTrial } from './sleep-trial.ts'
import { runStall } from './stalled-client.ts'

/** `npm run test:faults`: the long forms of the fault tests. Exits with 1 if something was lost. */
const HELP = `Runs producers and clients over a real local stack while everything fails at random.

  npm run test:faults -- --minutes 10     (the default)
  --seed 7       repeats the choice of faults       --clients 20
  --rate 200     events per second                  --settle 60   seconds to wait when nothing comes any more

  npm run test:faults -- --handover --minutes 5     no faults, but every connection ends after 20 s
  npm run test:faults -- --timeouts --minutes 5     functions run out of time; --clients 4 of each kind of sender
  npm run test:faults -- --stall --minutes 1        one of 200 clients stops reading (--rate 50)
  npm run test:faults -- --replay                   3,000 of 10,000 dead letters are replayed, with 3 kills of the stack
  npm run test:faults -- --sleep 600                the whole stack stands still, as a laptop that sleeps, and then its
                                                    clock is set an hour forward, two back and one forward
`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    clients: { type: 'string' },
    rate: { type: 'string' },
    settle: { type: 'string', default: '60' },
    handover: { type: 'boolean' },
    stall: { type: 'boolean' },
    replay: { type: 'boolean' },
    sleep: { type: 'string' },
    timeouts: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})
const seconds = Number(values.minutes) * 60
if (values.help) process.stdout.write(HELP)
else if (values.handover) process.exitCode = await handOver()
else if (values.replay) process.exitCode = await replay()
else if (values.timeouts) process.exitCode = await timeouts()
else if (values.sleep !== undefined) process.exitCode = await sleeping(Number(values.sleep))
else process.exitCode = await (values.stall ? stall() : faults())

async function faults(): Promise<number> {
  const run = await runFaults({
    seconds,
    seed: Number(values.seed),
    clients: Number(values.clients ?? 20),
    rate: Number(values.rate ?? 200),
    settleSeconds: Number(values.settle),
    onProgress: (line) => process.stderr.write(`${line}\n`),
  })
  process.stdout.write(describeFaultRun(run))
  return isClean(run.findings) && run.produced.contradictions === 0 ? 0 : 1
}

async function timeouts(): Promise<number> {
  const { wrong, misplaced, report } = await runFunctionTimeouts({
    seconds,
    seed: Number(values.seed),
    lanes: Number(values.clients ?? 4),
  })
  process.stdout.write(report)
  return wrong.length + misplaced.length === 0 ? 0 : 1
}

async function replay(): Promise<number> {
  const run = await runReplayKill({ letters: 10_000, chosen: 3000, rate: 150, kills: 3 })
  process.stdout.write(run.report)
  const faults = [run.missing, run.doubled, run.strange, run.misplaced].flat()
  return faults.length === 0 && run.counted === run.replay.done ? 0 : 1
}

async function handOver(): Promise<number> {
  const clients = Number(values.clients ?? 10)
  const { findings, report } = await runHandOvers({ seconds, clients, rate: Number(values.rate ?? 100) })
  process.stdout.write(report)
  return isClean(findings) ? 0 : 1
}

async function stall(): Promise<number> {
  const sockets = Number(values.clients ?? 200)
  const found = await runStall({ sockets, seconds: seconds / 2, rate: Number(values.rate ?? 50) })
  process.stdout.write(found.report)
  return found.toldBehind && found.recovered.join() === found.sent.join() ? 0 : 1
}

async function sleeping(sleepSeconds: number): Promise<number> {
  const hasClock = findFaketime() !== null
  if (!hasClock)
    process.stderr.write('the clock is not set: no libfaketime (Debian: apt-get install faketime)\n')
  const trial = await runSleepTrial({
    sleeps: [15, sleepSeconds],
    jumps: hasClock ? [3600, -3600, 0] : [],
    clients: Number(values.clients ?? 10),
    rate: Number(values.rate ?? 10),
    watchSeconds: 20,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  })
  process.stdout.write(trial.report)
  return isClean(trial.findings) && trial.tail.missing + trial.tail.twice === 0 ? 0 : 1
}
