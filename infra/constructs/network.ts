import { Aws, Fn, Tags } from 'aws-cdk-lib'
import {
  CfnInstanceConnectEndpoint,
  CfnInternetGateway,
  CfnRoute,
  CfnRouteTable,
  CfnSecurityGroup,
  CfnSecurityGroupIngress,
  CfnSubnet,
  CfnSubnetRouteTableAssociation,
  CfnVPC,
  CfnVPCEndpoint,
  CfnVPCGatewayAttachment,
} from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'
import type { Config } from '../config.ts'

/** Zones that an account sees, where these are not three: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html (2026-11) */
const ZONES: Readonly<Record<string, number>> = { 'us-east-1': 6, 'us-west-2': 4, 'ap-northeast-2': 4, 'us-west-1': 2 }
const USUAL_ZONES = 3

const zonesOf = ({ zones, region }: Config) => (zones > 0 ? zones : (ZONES[region ?? ''] ?? USUAL_ZONES))

/** The n-th /20 of a /16. */
const subnetCidr = (network: string, n: number) => network.replace(/\.0\.0$/, `.${n * 16}.0/20`)

export type Subnet = { id: string; zone: string }

/** Public subnets in every zone, because an address costs a fraction of a NAT gateway; nothing is let in but ssh from the endpoint. */
export class Network extends Construct {
  readonly subnets: readonly Subnet[]
  readonly securityGroupId: string
  /** Of the Instance Connect Endpoint, where there is one. */
  readonly connectEndpointId: string | undefined

  constructor(scope: Construct, config: Config) {
    super(scope, 'Network')
    const vpc = new CfnVPC(this, 'Vpc', { cidrBlock: `${config.network}/16`, enableDnsHostnames: true, enableDnsSupport: true })
    Tags.of(vpc).add('Name', config.name)
    acknowledge(vpc, {
      VPC7: 'Machines live for one session, and what they did is in its log; flow logs would cost more than the rest of an idle stack.',
    })
    const gateway = new CfnInternetGateway(this, 'Gateway')
    const attachment = new CfnVPCGatewayAttachment(this, 'Attachment', { vpcId: vpc.ref, internetGatewayId: gateway.ref })
    const routes = new CfnRouteTable(this, 'Routes', { vpcId: vpc.ref })
    const out = new CfnRoute(this, 'Out', { routeTableId: routes.ref, destinationCidrBlock: '0.0.0.0/0', gatewayId: gateway.ref })
    out.addResourceDependency(attachment)
    // Free, and what goes through them is not charged either.
    for (const service of ['s3', 'dynamodb'])
      new CfnVPCEndpoint(this, service, {
        vpcId: vpc.ref,
        serviceName: `com.amazonaws.${Aws.REGION}.${service}`,
        vpcEndpointType: 'Gateway',
        routeTableIds: [routes.ref],
      })
    this.subnets = Array.from({ length: zonesOf(config) }, (_, n) => this.#subnet(config, vpc.ref, routes.ref, n))
    this.securityGroupId = this.#machines(vpc.ref)
    this.connectEndpointId = config.instanceConnect ? this.#letConnect(vpc.ref) : undefined
  }

  #subnet(config: Config, vpcId: string, routeTableId: string, n: number): Subnet {
    const zone = Fn.select(n, Fn.getAzs())
    const subnet = new CfnSubnet(this, `Subnet${n}`, {
      vpcId,
      availabilityZone: zone,
      cidrBlock: subnetCidr(config.network, n),
      mapPublicIpOnLaunch: true,
    })
    Tags.of(subnet).add('Name', `${config.name} ${n}`)
    new CfnSubnetRouteTableAssociation(this, `Route${n}`, { subnetId: subnet.ref, routeTableId })
    return { id: subnet.ref, zone }
  }

  #machines(vpcId: string): string {
    const group = new CfnSecurityGroup(this, 'Machines', {
      vpcId,
      groupDescription: 'Machines of remote: nothing comes in',
      securityGroupEgress: [{ ipProtocol: '-1', cidrIp: '0.0.0.0/0', description: 'Agents use the internet' }],
    })
    return group.attrGroupId
  }

  #letConnect(vpcId: string): string | undefined {
    const ssh = { ipProtocol: 'tcp', fromPort: 22, toPort: 22 }
    const endpointGroup = new CfnSecurityGroup(this, 'Connectors', {
      vpcId,
      groupDescription: 'The Instance Connect Endpoint: ssh to machines of remote',
      securityGroupEgress: [{ ...ssh, destinationSecurityGroupId: this.securityGroupId, description: 'To machines alone' }],
    })
    new CfnSecurityGroupIngress(this, 'Ssh', {
      ...ssh,
      groupId: this.securityGroupId,
      sourceSecurityGroupId: endpointGroup.attrGroupId,
      description: 'From the Instance Connect Endpoint alone',
    })
    const [first] = this.subnets
    if (!first) return undefined
    const endpoint = new CfnInstanceConnectEndpoint(this, 'Connect', {
      subnetId: first.id,
      securityGroupIds: [endpointGroup.attrGroupId],
      preserveClientIp: false,
    })
    return endpoint.ref
  }
}
