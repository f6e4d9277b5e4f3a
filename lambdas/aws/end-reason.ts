import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2'

/** Somebody asked for it: us, or the machine itself. */
const ASKED_FOR = new Set(['Client.UserInitiatedShutdown', 'Client.InstanceInitiatedShutdown'])

/**
 * EC2's words for ending a machine by itself: no capacity after all, a key that it may not use, a disk too many. Undefined when it was asked
 * to, says nothing, or does not answer: that a machine is gone is told all the same.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
export const endReason = async (ec2: EC2Client, instance: string): Promise<string | undefined> => {
  try {
    const Filters = [{ Name: 'instance-id', Values: [instance] }]
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }))
    const { Code = '', Message } = Reservations[0]?.Instances?.[0]?.StateReason ?? {}
    return Message === undefined || Message === '' || ASKED_FOR.has(Code) ? undefined : Message
  } catch (error) {
    console.error(`why ${instance} ended is not known`, error)
    return undefined
  }
}
