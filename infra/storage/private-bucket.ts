import type { Value } from '../cloudformation.ts'

/** The properties of a bucket that is encrypted, and that nobody outside of the account can be let into. */
export const PRIVATE_BUCKET: { readonly [name: string]: Value } = {
  BucketEncryption: {
    ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
  },
  PublicAccessBlockConfiguration: {
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  },
  OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
}

/** A bucket and its objects, by the logical id. */
export function bucketWithObjects(bucket: string): Value {
  return [{ 'Fn::GetAtt': [bucket, 'Arn'] }, { 'Fn::Sub': `\${${bucket}.Arn}/*` }]
}

/** The statement of a bucket's policy that refuses requests without TLS. */
export function onlyOverTls(bucket: string): Value {
  return {
    Sid: 'OnlyOverTls',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: bucketWithObjects(bucket),
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  }
}
