/** The queues in which exports are made. All others are those of tasks, whose names begin with their queue's. */

/** The queue in which flows are joined: merges run here, and every worker listens to it. */
export const META_QUEUE = 'meta';
/** The queue of plans, maps and reduces; `export.project` lives beside them. */
export const EXPORT_QUEUE = 'export';
/** Those that no task of one's own, and no other service, may have. */
export const FLOW_QUEUES: readonly string[] = [META_QUEUE, EXPORT_QUEUE];
