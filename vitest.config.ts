import { defineConfig } from 'vitest/config'
import { exampleEnvironment } from './shared/testing/functions/example-environment.ts'

const together = ['tests/{integration,clients,repository,packages}/**/*.test.ts']
/** A property that fails is repeated by its seed: TIDEWIRE_PROPERTY_SEED. */
const setupFiles = ['shared/testing/seed-properties.ts']
/** What promises a time to its users needs the machine to itself. */
const alone = ['tests/browser/{recovery,side-by-side}.test.ts', 'tests/faults/kafka-outage.test.ts']
const excluded = ['**/node_modules/**', '**/.tidewire*/**']
// A condition that is waited for costs time only where it does not come, so the limits are those of a slow machine.
const poll = { timeout: 20_000, interval: 20 }
const patient = {
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000, interval: 50 } },
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          include: ['{shared,localstack,infra,cli,web,packages,bench}/**/*.test.{ts,tsx}'],
          exclude: excluded,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          expect: { poll },
        },
      },
      {
        test: {
          name: 'functions',
          setupFiles,
          include: ['functions/**/*.test.ts'],
          exclude: excluded,
          env: exampleEnvironment,
          expect: { poll },
        },
      },
      // What a stage is packaged to: `npm run test:deploy`. The templates are made side by side in one file at a time.
      {
        test: {
          name: 'deploy',
          include: ['tests/deploy/**/*.test.ts'],
          exclude: excluded,
          ...patient,
          maxWorkers: 1,
        },
      },
      // Stacks with ports and data of their own, which mostly wait: two at a time.
      {
        test: {
          name: 'integration',
          setupFiles,
          include: together,
          exclude: excluded,
          ...patient,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          exclude: [...excluded, ...alone],
          ...patient,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          exclude: [...excluded, ...alone],
          ...patient,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          exclude: excluded,
          ...patient,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
