import fc from 'fast-check'
import { propertyRuns, TEST_SEED } from './test-seed.ts'

// Run before each test file: every property is of one seed, which fast-check prints where one fails.
fc.configureGlobal({ seed: TEST_SEED, numRuns: propertyRuns(100) })
