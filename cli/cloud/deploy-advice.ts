const ZONES = /Fn::Select\s+cannot select nonexistent value at index (\d+)/g
const TYPES = /Unrecognized resource types: \[([^\]]+)\]/
const VPCS = /maximum number of VPCs has been reached/

/** What to do about what CloudFormation refuses of our templates in one account and takes in another; undefined for anything else. */
export const deployAdvice = (said: string, region: string): string | undefined => {
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
  const missing = [...said.matchAll(ZONES)].map(([, index]) => Number(index))
  const zones = Math.min(...missing)
  if (missing.length > 0 && zones > 0) {
    const there = zones === 1 ? 'one zone' : `${zones} zones`
    return `CloudFormation names only zones in which your default VPC has a subnet, ${there} here: remote cloud deploy --region ${region} --set zones=${zones}`
  }
  const types = TYPES.exec(said)?.[1]
  if (types !== undefined) return `CloudFormation in ${region} does not make ${types}: choose another --region`
  if (VPCS.test(said))
    return `your account may have no more VPCs in ${region}: delete one, or raise it in Service Quotas (Amazon VPC, L-F678F1CE)`
  return undefined
}
