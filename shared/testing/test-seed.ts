const given = process.env.TIDEWIRE_PROPERTY_SEED

/** The seed of this run's generated inputs: `TIDEWIRE_PROPERTY_SEED`, or another one in each process. */
export const TEST_SEED = given ? Number(given) : Math.floor(Math.random() * 2 ** 31)

/** Returns how many inputs to generate: `TIDEWIRE_PROPERTY_RUNS`, or the usual number of the test. */
export function propertyRuns(usual: number): number {
  return Number(process.env.TIDEWIRE_PROPERTY_RUNS ?? usual)
}
