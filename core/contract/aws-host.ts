/** Of partitions whose hosts are not below amazonaws.com, by how their regions begin; compared with AWS's own table by a test. */
const SUFFIXES: readonly (readonly [begins: string, suffix: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
]

/** Where a service of AWS listens in a region. A bucket's host is its name and a dot before that of `s3`. */
export const awsHost = (service: string, region: string): string => {
  const [, suffix = 'amazonaws.com'] = SUFFIXES.find(([begins]) => region.startsWith(begins)) ?? []
  return `${service}.${region}.${suffix}`
}
