import {
  type ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'

/** Sends a frame. False: nobody is there any more. */
export type PostFrame = (connection: string, frame: object) => Promise<boolean>

export const openPostFrame = (client: ApiGatewayManagementApiClient): PostFrame => {
  return async (connection, frame) => {
    const Data = new TextEncoder().encode(JSON.stringify(frame))
    try {
      await client.send(new PostToConnectionCommand({ ConnectionId: connection, Data }))
      return true
    } catch (error) {
      if (error instanceof GoneException) return false
      throw error
    }
  }
}
