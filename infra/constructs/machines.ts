import { readFileSync } from 'node:fs'
import { Aws, CfnParameter, Fn, Tags } from 'aws-cdk-lib'
import { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2'
import { CfnInstanceProfile, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnParameter as CfnSsmParameter } from 'aws-cdk-lib/aws-ssm'
import { Construct } from 'constructs'
import type { Architecture, Config } from '../config.ts'
import { grant } from '../rights.ts'
import { userData } from '../user-data.ts'
import type { Apis } from './apis.ts'
import type { Network } from './network.ts'

export type LaunchTemplates = Partial<Record<Architecture, { id: string; version: string }>>

/** What a machine is: its image, disk, network and role. Which machine, where and for whom is decided at launch. */
export class Machines extends Construct {
  readonly role: Role
  readonly profileArn: string
  readonly templates: LaunchTemplates
  /** Names of the parameters that hold the image of each architecture. */
  readonly imageParameters: Readonly<Partial<Record<Architecture, string>>>

  constructor(scope: Construct, config: Config, { network, apis }: { network: Network; apis: Apis }) {
    super(scope, 'Machines')
    this.role = new Role(this, 'Role', {
      // EC2 alone: the name of its sessions is then the instance's id, which the API trusts.
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      description: 'Machines of remote may make the calls of a runner, nothing else',
    })
    grant(this.role, [apis.letRun()])
    const profile = new CfnInstanceProfile(this, 'Profile', { roles: [this.role.roleName] })
    this.profileArn = profile.attrArn
    const script = readFileSync(new URL('agent-bootstrap/boot/user-data.sh', config.root), 'utf8')
    const text = userData(script, { API_URL: apis.url, SOCKET_URL: apis.socketUrl, REGION: Aws.REGION })
    this.imageParameters = Object.fromEntries(config.architectures.map((one) => [one, this.#imageParameter(config, one)]))
    const templates = config.architectures.map((architecture) => {
      const template = this.#template(config, architecture, { text, profile, network })
      return [architecture, { id: template.ref, version: template.attrLatestVersionNumber }] as const
    })
    this.templates = Object.fromEntries(templates)
  }

  #image(config: Config, architecture: Architecture): string {
    const image = architecture === 'x64' ? config.imageX64 : config.imageArm64
    if (image.startsWith('ami-')) return image
    // Looked up once at each deploy, so that machines do not change in between.
    return new CfnParameter(this, `Image${architecture}`, {
      type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
      default: image,
    }).valueAsString
  }

  /** What machines boot until an image is baked, and again after a deployment that finds another base image. */
  #imageParameter(config: Config, architecture: Architecture): string {
    const name = `/remote/${config.name}/image/${architecture}`
    new CfnSsmParameter(this, `ImageOf${architecture}`, {
      name,
      type: 'String',
      dataType: 'aws:ec2:image',
      value: this.#image(config, architecture),
      description: 'What machines of remote boot; remote cloud bake writes it',
    })
    return name
  }

  #template(config: Config, architecture: Architecture, parts: { text: string; profile: CfnInstanceProfile; network: Network }) {
    const template = new CfnLaunchTemplate(this, `Template${architecture}`, {
      versionDescription: config.version,
      launchTemplateData: {
        // Looked up at each launch, so that a baked image needs no deployment; a launch that is repeated gives the same machine all the same.
        imageId: `resolve:ssm:${this.imageParameters[architecture]}`,
        iamInstanceProfile: { arn: parts.profile.attrArn },
        securityGroupIds: [parts.network.securityGroupId],
        instanceInitiatedShutdownBehavior: 'terminate',
        metadataOptions: {
          httpEndpoint: 'enabled',
          httpTokens: 'required',
          httpPutResponseHopLimit: 1,
          instanceMetadataTags: 'enabled',
        },
        blockDeviceMappings: [
          {
            deviceName: config.rootDevice,
            ebs: { volumeType: 'gp3', volumeSize: config.diskGb, encrypted: true, deleteOnTermination: true },
          },
        ],
        userData: Fn.base64(parts.text),
      },
    })
    Tags.of(template).add('remote:stack', config.name)
    return template
  }
}
