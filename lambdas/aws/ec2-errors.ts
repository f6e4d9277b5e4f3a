import { RemoteError } from '../../core/contract/remote-error.ts'

/**
 * What an error of a launch means.
 * `elsewhere`: other candidates may have what these lack. `later`: the same request may succeed. `refuse`: only a person can help.
 */
export type Meaning = { do: 'elsewhere' | 'later' } | { do: 'refuse'; why: string; hint: string }

const elsewhere: Meaning = { do: 'elsewhere' }
const later: Meaning = { do: 'later' }
const refuse = (why: string, hint: string): Meaning => ({ do: 'refuse', why, hint })

const quota = (what: string) =>
  refuse(
    `your account may not run more ${what} in this region`,
    'see and raise it: remote cloud doctor; or choose a smaller --instance',
  )
const deployAgain = (what: string) => refuse(`${what} of the stack is not there`, 'deploy it again: remote cloud deploy')

/** EC2's codes, in answers and inside a fleet's errors: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
export const EC2_ERRORS: Readonly<Record<string, Meaning>> = {
  InsufficientInstanceCapacity: elsewhere,
  InsufficientHostCapacity: elsewhere,
  InsufficientReservedInstanceCapacity: elsewhere,
  InsufficientCapacity: elsewhere,
  InsufficientFreeAddressesInSubnet: elsewhere,
  UnfulfillableCapacity: elsewhere,
  Unsupported: elsewhere,
  UnsupportedOperation: elsewhere,
  InvalidFleetConfiguration: elsewhere,
  SpotMaxPriceTooLow: elsewhere,
  MaxSpotInstanceCountExceeded: elsewhere,
  SpotInstanceCountExceeded: elsewhere,
  MaxSpotFleetRequestCountExceeded: elsewhere,

  RequestLimitExceeded: later,
  Throttling: later,
  ThrottlingException: later,
  ResourceLimitExceeded: later,
  MaxFleetCountExceeded: later,
  FleetRequestLimitExceeded: later,
  InternalError: later,
  InternalFailure: later,
  ServiceUnavailable: later,
  Unavailable: later,
  RequestExpired: later,

  VcpuLimitExceeded: quota('vCPUs of this family'),
  InstanceLimitExceeded: quota('instances'),
  VolumeLimitExceeded: quota('volume storage'),
  AddressLimitExceeded: quota('addresses'),
  PendingVerification: refuse('AWS is still verifying your account', 'that takes up to 4 hours: try again then'),
  OptInRequired: refuse(
    'your account has not opted in to this region or service',
    'open the EC2 console once, or use another region',
  ),
  Blocked: refuse('your account is blocked from launching', 'see the AWS Health dashboard, or ask AWS support'),
  'AuthFailure.ServiceLinkedRoleCreationNotPermitted': refuse(
    'your account has no service-linked role for spot machines yet, and the control plane may not make it',
    'make it once: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com; or dispatch without --spot',
  ),
  AuthFailure: refuse('the control plane may not use EC2', 'deploy it again: remote cloud deploy'),
  UnauthorizedOperation: refuse(
    'the control plane may not launch machines',
    'deploy it again: remote cloud deploy; see organisation policies too',
  ),
  InvalidParameterValue: refuse('EC2 does not take this launch request', 'see the reason with: remote explain SESSION'),
  InvalidParameterCombination: refuse('EC2 does not take this launch request', 'see the reason with: remote explain SESSION'),
  InvalidInstanceType: refuse('there is no such instance type in this region', 'see what there is: remote plan "…"'),
  'InvalidLaunchTemplateId.NotFound': deployAgain('the launch template'),
  'InvalidLaunchTemplateId.NotFoundException': deployAgain('the launch template'),
  'InvalidLaunchTemplateId.VersionNotFound': deployAgain('the launch template'),
  'InvalidSubnetID.NotFound': deployAgain('a subnet'),
  'InvalidGroup.NotFound': deployAgain('the security group'),
  'InvalidAMIID.NotFound': deployAgain('the machine image'),
  'InvalidAMIID.Unavailable': deployAgain('the machine image'),
  IdempotentParameterMismatch: refuse('the launch request has changed since it was first made', 'dispatch again'),
}

/** A code that nobody has seen yet may pass: it is tried again, a bounded number of times. */
export const meaningOf = (code: string): Meaning => EC2_ERRORS[code] ?? later

/** EC2's own words, without what is only noise in them. */
const said = (code: string, message: string | undefined) =>
  message === undefined || message === '' ? code : `${code}: ${message.replace(/\s+/g, ' ').slice(0, 300)}`

export const launchError = (code: string, message: string | undefined): RemoteError => {
  const meaning = meaningOf(code)
  if (meaning.do === 'refuse')
    return new RemoteError('refused', `${meaning.why} (${said(code, message)})`, { hint: meaning.hint })
  const why = meaning.do === 'later' ? 'EC2 does not answer as it should' : 'no machine is to be had now'
  return new RemoteError('unavailable', `${why} (${said(code, message)})`, {
    hint: 'it is tried again; or choose another --instance',
  })
}
