import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../localstack/java/jvm.ts'
import { startApacheKafka } from '../../localstack/java/start-apache-kafka.ts'
import { startTcpProxy, type TcpProxy } from '../faults/proxies/tcp-proxy.ts'

const run = promisify(execFile)
const USER = { username: 'tester', password: 'f0r-tests_only' }
const STORE_PASSWORD = 'changeit'

export type SecuredKafka = {
  /** Open to all, for what a test prepares. */
  readonly open: string
  /** Over TLS and SASL, through `proxy`. */
  readonly secured: string
  readonly proxy: TcpProxy
  /** The certificate of the authority that signed the broker's, which is its own. */
  readonly ca: string
  readonly user: { readonly username: string; readonly password: string }
  stop(): Promise<void>
}

/** Starts Apache Kafka with a listener that wants TLS, and PLAIN, SCRAM or OAUTHBEARER with unsecured JWS. */
export async function startSecuredKafka(dataDir: string): Promise<SecuredKafka> {
  await mkdir(dataDir, { recursive: true })
  const keystore = join(dataDir, 'broker.p12')
  const ca = await createCertificate(keystore)
  const port = await freePort()
  const proxy = await startTcpProxy(() => port, 1)
  const kafka = await startApacheKafka({
    dataDir,
    secured: {
      listens: `127.0.0.1:${port}`,
      advertised: `127.0.0.1:${proxy.port}`,
      settings: settingsOf(keystore),
      users: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
        (mechanism) => `${mechanism}=[name=${USER.username},password=${USER.password}]`,
      ),
    },
  })
  return {
    open: kafka.endpoint,
    secured: `127.0.0.1:${proxy.port}`,
    proxy,
    ca,
    user: USER,
    async stop() {
      await proxy.stop()
      await kafka.stop()
    },
  }
}

/** Makes a key and a certificate of 127.0.0.1, signed by itself; returns the certificate as PEM. */
async function createCertificate(keystore: string): Promise<string> {
  const store = ['-keystore', keystore, '-storepass', STORE_PASSWORD, '-alias', 'broker']
  const subject = ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1', '-ext', 'bc:c=ca:true']
  await run('keytool', ['-genkeypair', ...store, '-keyalg', 'EC', '-validity', '30', ...subject])
  const { stdout } = await run('keytool', ['-exportcert', '-rfc', ...store])
  return stdout
}

function settingsOf(keystore: string): Record<string, string> {
  const listener = 'listener.name.sasl_ssl'
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  return {
    'ssl.keystore.location': keystore,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.password': STORE_PASSWORD,
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [`${listener}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`,
    [`${listener}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${listener}.scram-sha-512.sasl.jaas.config`]: scram,
    [`${listener}.oauthbearer.sasl.jaas.config`]:
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
  }
}
