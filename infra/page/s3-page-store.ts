import {
  DeleteObjectsCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { PageStore } from './upload-page.ts'

/** The most keys that S3 deletes at once. */
const MOST_DELETED = 1000

/** The files of a page in a bucket. */
export function s3PageStore(client: S3Client, Bucket: string): PageStore {
  return {
    async list() {
      const paths: string[] = []
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket }))
        paths.push(...Contents.flatMap(({ Key }) => Key ?? []))
      return paths
    },
    async read(Key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        return (await Body?.transformToString()) ?? ''
      } catch (error) {
        if (error instanceof NoSuchKey) return null
        throw error
      }
    },
    async put({ path: Key, type: ContentType, caching: CacheControl, body: Body }) {
      await client.send(new PutObjectCommand({ Bucket, Key, ContentType, CacheControl, Body }))
    },
    async remove(paths) {
      for (let from = 0; from < paths.length; from += MOST_DELETED) {
        const Objects = paths.slice(from, from + MOST_DELETED).map((Key) => ({ Key }))
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
        )
        const [first] = Errors
        if (first) throw new Error(`${first.Key} cannot be deleted from ${Bucket}: ${first.Message}`)
      }
    },
  }
}
