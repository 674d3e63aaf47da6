/** The logical id of the role of a function, by its key in serverless.yml, without the number of a shard. */
export function roleId(key: string): string {
  const words = key.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `${words.join('')}Role`
}
