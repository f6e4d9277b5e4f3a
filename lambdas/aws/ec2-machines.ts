import { DescribeInstancesCommand, type EC2Client, type Instance, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { launchError } from './ec2-errors.ts'
import { TAGS } from './fleet-request.ts'
import { codeOf } from './volume-errors.ts'

const GONE = new Set(['shutting-down', 'terminated', 'stopping', 'stopped'])
export const isAlive = ({ State }: Instance): boolean => !GONE.has(State?.Name ?? '')

/** Instances, as far as compute asks about them. */
export const openEc2Machines = (ec2: EC2Client, stack: string) => {
  const described = async (...Filters: { Name: string; Values: string[] }[]): Promise<Instance[]> => {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }))
    return Reservations.flatMap(({ Instances = [] }) => Instances)
  }
  return {
    /** Those that carry the attempt's tags: also those whose launch was not recorded. */
    tagged: (session: string, attempt: number) => {
      const tag = (name: string, value: string) => ({ Name: `tag:${name}`, Values: [value] })
      return described(tag(TAGS.session, session), tag(TAGS.attempt, String(attempt)), tag(TAGS.stack, stack))
    },
    /** Those of them that EC2 remembers. */
    named: (...ids: string[]) => described({ Name: 'instance-id', Values: ids }),
    /**
     * One by one, because EC2 refuses the whole request for one that it does not know. That it has forgotten is fine. `isYoung`: EC2 cannot
     * have forgotten it; it may not know it yet, and it runs: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
     */
    terminate: async (id: string, isYoung: boolean): Promise<void> => {
      try {
        await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
      } catch (error) {
        const { code, message } = codeOf(error)
        if (isYoung || code !== 'InvalidInstanceID.NotFound') throw launchError(code, message)
      }
    },
  }
}
