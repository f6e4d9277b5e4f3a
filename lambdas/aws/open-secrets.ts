import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { openSecretsManagerSecretStore, type SecretsManagerOptions } from './secrets-manager-secret-store.ts'

export const openSecrets = (options: Omit<SecretsManagerOptions, 'client'>) =>
  openSecretsManagerSecretStore({ ...options, client: new SecretsManagerClient({}) })
