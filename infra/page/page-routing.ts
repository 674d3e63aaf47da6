import { CONTENT_TYPES } from './page-files.ts'

/**
 * Returns the code of the CloudFront function that finds the file of a path: every path is one of the page's own, and is in
 * index.html, unless it ends as the files do. Error pages for 403 and 404 would do the same to assets that are missing, and
 * hide real errors.
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
 */
export function pageRouting(): string {
  const endings = Object.keys(CONTENT_TYPES).map((ending) => ending.slice(1))
  return `function handler(event) {
  var request = event.request;
  if (!/^\\/assets\\/|\\.(${endings.join('|')})$/.test(request.uri)) request.uri = '/index.html';
  return request;
}
`
}
