import type { Resource, Template, Value } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'
import { pageHeaders } from './page/page-headers.ts'
import { pageRouting } from './page/page-routing.ts'
import { bucketWithObjects, onlyOverTls, PRIVATE_BUCKET } from './storage/private-bucket.ts'

/**
 * The web page: a private bucket, and CloudFront in front of it. What is in the bucket comes from the deployment
 * (infra/page/upload-plugin.ts), which also removes it.
 */
export function web(deployment: Deployment): Template {
  if (deployment.isLocal) return {}
  const { allowedOrigins, prefix, settings, webDomain } = deployment
  const origin = webDomain
    ? `https://${webDomain.name}`
    : { 'Fn::Sub': `https://\${WebDistribution.DomainName}` }
  return {
    Resources: {
      WebBucket,
      WebBucketPolicy,
      WebAccess: {
        Type: 'AWS::CloudFront::OriginAccessControl',
        Properties: {
          OriginAccessControlConfig: {
            Name: nameOf(prefix, 'page'),
            OriginAccessControlOriginType: 's3',
            SigningBehavior: 'always',
            SigningProtocol: 'sigv4',
          },
        },
      },
      WebRouting: {
        Type: 'AWS::CloudFront::Function',
        Properties: {
          Name: nameOf(prefix, 'routing'),
          AutoPublish: true,
          FunctionConfig: { Comment: 'Paths of the page are in index.html', Runtime: 'cloudfront-js-2.0' },
          FunctionCode: pageRouting(),
        },
      },
      WebHeaders: headersPolicy(nameOf(prefix, 'page'), socketOrigins(settings.socketUrl)),
      WebDistribution: distribution(deployment),
      // The framework takes no intrinsic function here, so it has put names in the places of these.
      HttpApi: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: { CorsConfiguration: { AllowOrigins: [origin, ...allowedOrigins] } },
      },
    },
    Outputs: {
      WebUrl: { Description: 'The web page', Value: origin },
      WebBucket: { Description: 'The files of the web page', Value: { Ref: 'WebBucket' } },
      ...(settings.socketUrl && {
        SocketUrl: { Description: 'The address of the sockets', Value: settings.socketUrl },
      }),
      WebDistributionId: { Description: 'The CDN of the web page', Value: { Ref: 'WebDistribution' } },
    },
  }
}

/** Names in CloudFront are unique in an account, for the stages of all its regions together. */
function nameOf(prefix: string, part: string): Value {
  return { 'Fn::Sub': `${prefix}-\${AWS::Region}-${part}` }
}

/**
 * It has no versions and no deletion policy: its files are built from the sources again, and the files of the last releases
 * stay in it.
 */
const WebBucket: Resource = {
  Type: 'AWS::S3::Bucket',
  Properties: PRIVATE_BUCKET,
}

const WebBucketPolicy: Resource = {
  Type: 'AWS::S3::BucketPolicy',
  Properties: {
    Bucket: { Ref: 'WebBucket' },
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        onlyOverTls('WebBucket'),
        {
          Sid: 'OnlyThisDistribution',
          Effect: 'Allow',
          Principal: { Service: 'cloudfront.amazonaws.com' },
          // Without the right to list, S3 returns 403 for a file that does not exist.
          Action: ['s3:GetObject', 's3:ListBucket'],
          Resource: bucketWithObjects('WebBucket'),
          Condition: {
            StringEquals: {
              'AWS:SourceArn': {
                'Fn::Sub': `arn:\${AWS::Partition}:cloudfront::\${AWS::AccountId}:distribution/\${WebDistribution}`,
              },
            },
          },
        },
      ],
    },
  },
}

/**
 * Where the page sends requests, as far as a header can say it: with the address of the API in it, API and page would need
 * each other. The upload writes the exact addresses into index.html, and a browser obeys both.
 */
const REACHED = [
  `https://*.execute-api.\${AWS::Region}.amazonaws.com`,
  `wss://*.execute-api.\${AWS::Region}.amazonaws.com`,
  `https://cognito-idp.\${AWS::Region}.amazonaws.com`,
]
const HSTS_SECONDS = 31_536_000

/** The origin of sockets that have an address of their own. */
function socketOrigins(socketUrl = ''): readonly string[] {
  return socketUrl === '' ? [] : [new URL(socketUrl).origin]
}

/** The headers of the local page's server, and that browsers use TLS only. */
function headersPolicy(name: Value, origins: readonly string[]): Resource {
  const {
    'content-security-policy': ContentSecurityPolicy,
    'referrer-policy': ReferrerPolicy,
    'x-content-type-options': _nosniff,
    ...others
  } = pageHeaders([...REACHED, ...origins])
  const Override = true
  return {
    Type: 'AWS::CloudFront::ResponseHeadersPolicy',
    Properties: {
      ResponseHeadersPolicyConfig: {
        Name: name,
        SecurityHeadersConfig: {
          ContentSecurityPolicy: {
            ContentSecurityPolicy: { 'Fn::Sub': ContentSecurityPolicy },
            Override,
          },
          ContentTypeOptions: { Override },
          ReferrerPolicy: { ReferrerPolicy, Override },
          StrictTransportSecurity: { AccessControlMaxAgeSec: HSTS_SECONDS, Override },
        },
        CustomHeadersConfig: {
          Items: Object.entries(others).map(([Header, Value]) => ({ Header, Value, Override })),
        },
      },
    },
  }
}

/**
 * The managed policy CachingOptimized: how long a file is kept is what the file says, and a second where it says
 * `no-cache`. Policies of our own would count against the 20 of an account.
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
 */
const CACHING_OPTIMIZED = '658327ea-f89d-4fab-a63d-7442e48a3eb8'

function distribution({ prefix, webDomain }: Deployment): Resource {
  return {
    Type: 'AWS::CloudFront::Distribution',
    Properties: {
      DistributionConfig: {
        Comment: `${prefix}: the web page`,
        Enabled: true,
        HttpVersion: 'http2and3',
        IPV6Enabled: true,
        DefaultRootObject: 'index.html',
        Origins: [
          {
            Id: 'bucket',
            DomainName: { 'Fn::GetAtt': ['WebBucket', 'RegionalDomainName'] },
            OriginAccessControlId: { 'Fn::GetAtt': ['WebAccess', 'Id'] },
            // Required, and empty beside an access control.
            S3OriginConfig: { OriginAccessIdentity: '' },
          },
        ],
        DefaultCacheBehavior: {
          TargetOriginId: 'bucket',
          ViewerProtocolPolicy: 'redirect-to-https',
          AllowedMethods: ['GET', 'HEAD'],
          Compress: true,
          CachePolicyId: CACHING_OPTIMIZED,
          ResponseHeadersPolicyId: { Ref: 'WebHeaders' },
          FunctionAssociations: [
            { EventType: 'viewer-request', FunctionARN: { 'Fn::GetAtt': ['WebRouting', 'FunctionARN'] } },
          ],
        },
        ...(webDomain && {
          Aliases: [webDomain.name],
          ViewerCertificate: {
            AcmCertificateArn: webDomain.certificateArn,
            SslSupportMethod: 'sni-only',
            MinimumProtocolVersion: 'TLSv1.2_2021',
          },
        }),
      },
    },
  }
}
