/** What a stack serves to a browser: the policy of its page, and the script that the page begins with. */
export async function readServed(webUrl: string): Promise<{ policy: string; script: string }> {
  const response = await fetch(webUrl)
  const [, source = ''] = /<script[^>]* src="([^"]+)"/.exec(await response.text()) ?? []
  const script = await (await fetch(new URL(source, webUrl))).text()
  return { policy: response.headers.get('content-security-policy') ?? '', script }
}
