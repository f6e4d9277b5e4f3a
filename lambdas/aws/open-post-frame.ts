import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi'
import { openPostFrame } from './post-frame.ts'

export const openPostFrameTo = (endpoint: string) => ({ post: openPostFrame(new ApiGatewayManagementApiClient({ endpoint })) })
