import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AssetHashType } from 'aws-cdk-lib'
import { Asset } from 'aws-cdk-lib/aws-s3-assets'
import { Construct } from 'constructs'
import { RemoteError } from '../core/contract/remote-error.ts'
import type { Architecture, Config } from './config.ts'
import { distFile } from './dist-file.ts'
import type { Right } from './rights.ts'

/** The packed runner; in a checkout where nobody has packed it since it was built, that is done first. */
const packed = (config: Config, architecture: Architecture): string => {
  const file = fileURLToPath(distFile(config, `runner-bundle/${architecture}/runner.tar.gz`))
  const isOwn = distFile(config, '').href === new URL('dist/', config.root).href
  if (isOwn && !existsSync(file)) {
    const args = [fileURLToPath(new URL('build-runner-bundle.ts', config.root)), architecture]
    spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  }
  if (existsSync(file)) return file
  const hint = `make it: node build-runner-bundle.ts ${architecture}; or do without such machines: -c remote.architectures=x64`
  throw new RemoteError('usage', `${file} is missing`, { hint })
}

/** The runner for each architecture, in the bucket of the CDK under its own content's name: it is always the one of this deployment. */
export class RunnerBundles extends Construct {
  readonly found: Readonly<Partial<Record<Architecture, { bucket: string; key: string; sha256: string }>>>
  readonly #arns: readonly string[]

  constructor(scope: Construct, config: Config) {
    super(scope, 'RunnerBundles')
    const assets = config.architectures.map((architecture) => {
      const file = packed(config, architecture)
      const sha256 = readFileSync(`${file}.sha256`, 'utf8').trim()
      // Known already: reading 100 MB again at each synth would cost a second.
      const asset = new Asset(this, architecture, { path: file, assetHash: sha256, assetHashType: AssetHashType.CUSTOM })
      return { architecture, sha256, asset }
    })
    this.found = Object.fromEntries(
      assets.map(({ architecture, sha256, asset }) => [
        architecture,
        { bucket: asset.s3BucketName, key: asset.s3ObjectKey, sha256 },
      ]),
    )
    this.#arns = assets.map(({ asset }) => asset.bucket.arnForObjects(asset.s3ObjectKey))
  }

  letFetch(): Right {
    return { may: ['s3:GetObject'], on: this.#arns }
  }
}
