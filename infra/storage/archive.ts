import type { Resource, Template, Value } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'
import { onlyOverTls, PRIVATE_BUCKET } from './private-bucket.ts'

/** The logical id of the bucket of the archive. */
export const ARCHIVE_BUCKET = 'ArchiveBucket'

/**
 * Where the archive of the log is kept (docs/archive.md): a private bucket, which outlives every stage, whether that is
 * protected or not, because an archive is for what is not there any more. The function that fills it is in triggers.ts.
 */
export function archive({ archive: choice }: Deployment): Template {
  if (choice === null) return {}
  return {
    Resources: { [ARCHIVE_BUCKET]: bucketOf(choice.days), ArchiveBucketPolicy },
    Outputs: {
      ArchiveBucket: { Description: 'The archive of the log', Value: { Ref: ARCHIVE_BUCKET } },
    },
  }
}

/** Objects can still be read at once from this class, which an erasure needs. */
const CHEAP_CLASS = 'GLACIER_IR'
const CHEAP_AFTER_DAYS = 30
/**
 * The least that an object of this class is billed for, so a shorter life is cheaper without it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
 */
const CHEAP_DAYS = 90

/** It has no versions: what was erased would stay in one. */
function bucketOf(days: number | null): Resource {
  const isCheaper = days === null || days >= CHEAP_AFTER_DAYS + CHEAP_DAYS
  const rules: Value[] = [
    {
      Id: 'UploadsThatWereLeft',
      Status: 'Enabled',
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    },
    ...(isCheaper
      ? [
          {
            Id: 'Cheaper',
            Status: 'Enabled',
            Transitions: [{ StorageClass: CHEAP_CLASS, TransitionInDays: CHEAP_AFTER_DAYS }],
          },
        ]
      : []),
    ...(days === null ? [] : [{ Id: 'Expires', Status: 'Enabled', ExpirationInDays: days }]),
  ]
  return {
    Type: 'AWS::S3::Bucket',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      ...PRIVATE_BUCKET,
      LifecycleConfiguration: { Rules: rules },
    },
  }
}

const ArchiveBucketPolicy: Resource = {
  Type: 'AWS::S3::BucketPolicy',
  DeletionPolicy: 'RetainExceptOnCreate',
  UpdateReplacePolicy: 'Retain',
  Properties: {
    Bucket: { Ref: ARCHIVE_BUCKET },
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [onlyOverTls(ARCHIVE_BUCKET)],
    },
  },
}
