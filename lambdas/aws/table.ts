/**
 * The one table: keys, indexes and the attribute that expires items. On demand, retained. The indexes carry keys alone, so that
 * a session's frequent changes (a beat each 30 s) are written once, not once for each index; what is found is then read by key.
 *
 * Of a table that is deployed, CloudFormation makes or removes one index in one update, and changes none: a version may bring one index more,
 * under a name of its own. https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/229
 */
export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Seconds since 1970. */
  timeToLive: 'expires',
  indexes: [
    /** Everything of a kind in order: `sessions#<shard>` and tips of a repository (with what they stand on) by time, `workspaces` by name. */
    { name: 'list', partitionKey: 'listPk', sortKey: 'listSk', also: ['until', 'depth'] },
    /** Of those, sessions that have not ended: an ended one loses the attributes. */
    { name: 'active', partitionKey: 'activePk', sortKey: 'activeSk', also: [] },
    /** Sessions by the beginning of their id. */
    { name: 'ids', partitionKey: 'idPk', sortKey: 'idSk', also: ['listSk'] },
  ],
} as const

export type IndexName = (typeof TABLE.indexes)[number]['name']
